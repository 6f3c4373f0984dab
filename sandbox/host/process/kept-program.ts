// Starts a program under the launcher with a keeper beside it (sandbox/launcher/keeper.h): one command ends the whole tree,
// and its end means that all of it has been reaped. From the main thread only. Trusts the keeper, nothing of the program.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants as fileConstants, openSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import type { Duplex, Readable, Writable } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { invariant } from '#base/invariant.ts';
import type { Logger } from '#base/log.ts';
import { instruct, type LaunchPorts, launchCommand } from '#sandbox/host/launcher/launch.ts';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { endGroup } from './process-group.ts';
import type { TreeGroup } from './tree-groups.ts';

/** How a program ended: by itself with a code, or by a signal. Both `null`: that is not known. */
export type ExitStatus = { readonly exitCode: number | null; readonly signal: string | null };

export type KeptEnd = ExitStatus & {
  /** Of the whole tree. */
  readonly cpuMs: number;
  /** Of its largest process. */
  readonly rssBytesPeak: number;
  /** Processes that were still there when the program itself had ended. */
  readonly outlived: number;
  /** The kernel ended something of it because the memory of its group was used up. */
  readonly isShortOfMemory: boolean;
};

export type KeptProgram = {
  /** By descriptor; what is no pipe is null. */
  readonly stdio: readonly (Readable | Writable | null | undefined)[];
  /** As `Launch.begun`. */
  readonly begun: Promise<void>;
  /** Of the program and its process group; undefined when it was never started. */
  readonly pid: Promise<number | undefined>;
  /** The root of the tree: of the keeper. */
  readonly keeperPid: number | undefined;
  /** Ends the whole tree. */
  readonly kill: () => void;
  /** Resolves when all of it has been reaped: what its pipes still hold is all that there will be. Never rejects. */
  readonly reaped: Promise<void>;
  /** The same, and every pipe has been read to its end. Never rejects. */
  readonly ended: Promise<KeptEnd>;
};

/** How much a program stands back for the host, and for whoever wants to stop it. */
const NICENESS = 10;
const BYTES_PER_KIB = 1024;
const US_PER_MS = 1000;
/** One line about the start and one about the end. */
const SAID_LENGTH_MAX = 512;

/**
 * Starts a program. `stdio`: for its descriptors, from 0 on. Every pipe must be read to its end. `group`: it is born in it, and
 * with its end the group is removed; absent: the process group is all that holds it together.
 *
 * @throws as `launchCommand` does
 */
export function startKept(
  ports: LaunchPorts & { readonly logger: Logger },
  profile: LaunchProfile,
  stdio: readonly ('ignore' | 'pipe')[],
  group?: TreeGroup,
): KeptProgram {
  invariant(isMainThread, 'a confined program is started from the main thread');
  const { file, env, descriptor, specification } = launchCommand(ports, profile);
  invariant(stdio.length <= descriptor, 'the profile keeps each descriptor that is given');
  const filled = Array.from({ length: descriptor }, (_, place) => stdio[place] ?? ('ignore' as const));
  const channelDescriptor = descriptor + 1;
  const opened = group === undefined ? [] : openGroup(group);
  const given = [descriptor, channelDescriptor, ...opened.map((_, place) => channelDescriptor + 1 + place)];
  let child: ChildProcess;
  try {
    const options = { argv0: 'keeper', env, cwd: '/' };
    child = spawn(file, ['--keep', ...given.map(String)], {
      ...options,
      stdio: [...filled, 'pipe', 'pipe', ...opened],
    });
  } finally {
    opened.forEach(closeSync);
  }
  const channel = child.stdio[channelDescriptor] as Duplex | null | undefined;
  const { promise: pid, resolve: tellPid } = Promise.withResolvers<number | undefined>();
  let said = '';
  channel?.setEncoding('latin1');
  channel?.on('data', (text: string) => {
    if (said.length < SAID_LENGTH_MAX) said += text;
    tellPid(pidIn(said));
  });
  channel?.on('close', () => tellPid(pidIn(said)));
  child.on('error', () => tellPid(undefined));
  void pid.then(standBack);
  channel?.on('error', () => {});
  const kill = () => {
    channel?.end('k');
  };
  const { promise: reaped, resolve: tellReaped } = Promise.withResolvers<void>();
  const ended = endOf(child, { tellReaped, channel, said: () => said, logger: ports.logger, group });
  return {
    stdio: child.stdio as KeptProgram['stdio'],
    begun: instruct(child, child.stdio[descriptor] as Duplex | null | undefined, specification),
    pid,
    keeperPid: child.pid,
    kill,
    reaped,
    ended,
  };
}

function pidIn(said: string): number | undefined {
  const pid = /^pid (\d+)\n/.exec(said)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

function standBack(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It has ended already.
  }
}

/** What the launcher gets of it: the folder, and what ends the tree. */
function openGroup({ startFolder, killFile }: TreeGroup): readonly number[] {
  const folder = openSync(startFolder, fileConstants.O_RDONLY | fileConstants.O_DIRECTORY);
  try {
    return [folder, openSync(killFile, fileConstants.O_WRONLY)];
  } catch (thrown) {
    closeSync(folder);
    throw thrown;
  }
}

type Ending = {
  readonly channel: Duplex | null | undefined;
  readonly said: () => string;
  readonly logger: Logger;
  readonly group: TreeGroup | undefined;
  readonly tellReaped: () => void;
};

async function endOf(child: ChildProcess, ending: Ending): Promise<KeptEnd> {
  const { channel, said, logger, group, tellReaped } = ending;
  const closed = (emitter: NodeJS.EventEmitter | null | undefined, event: string): Promise<void> =>
    emitter == null ? Promise.resolve() : new Promise((resolve) => emitter.once(event, () => resolve()));
  const isStarted = child.pid !== undefined;
  const all = closed(child, 'close');
  child.on('error', () => {});
  if (isStarted) {
    await Promise.all([closed(child, 'exit'), closed(channel, 'close')]);
    await endOrphans(ending);
    tellReaped();
    await all;
  }
  const isShortOfMemory = group?.wasShortOfMemory() ?? false;
  // What the keeper reaped is all that was born in it; the kernel's word for that is that it can be removed.
  const isGone = await group?.remove().catch(() => false);
  if (isGone === false) logger.error('the group of a program does not end', { pid: pidIn(said()) });
  return { ...parseEnd(said()), isShortOfMemory };
}

/** Where the keeper itself was killed, what it kept may live on, and hold the pipes. */
async function endOrphans({ said, group, logger }: Ending): Promise<void> {
  const pid = pidIn(said());
  if (said().includes('\nend ')) return;
  group?.kill();
  if (pid === undefined) return;
  const isGone = await endGroup(pid);
  logger.warn('the keeper of a program ended without a word', { pid, isGone });
}

function parseEnd(said: string): Omit<KeptEnd, 'isShortOfMemory'> {
  const numbers = /\nend (\d+) (\d+) (\d+) (\d+)\n/.exec(said)?.slice(1).map(Number);
  const [status, cpuUs = 0, rssKib = 0, outlived = 0] = numbers ?? [];
  const exit = status === undefined ? { exitCode: null, signal: null } : exitStatus(status);
  return { ...exit, cpuMs: cpuUs / US_PER_MS, rssBytesPeak: rssKib * BYTES_PER_KIB, outlived };
}

const SIGNAL_MASK = 0x7f;

/** What `wait` says of a process that ended. **Source:** wait(2), WIFEXITED and the others. */
export function exitStatus(status: number): ExitStatus {
  const number = status & SIGNAL_MASK;
  if (number === 0) return { exitCode: (status >> 8) & 0xff, signal: null };
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return { exitCode: null, signal: name ?? `signal ${number}` };
}
