// One run of a plugin's program, fresh or warm, as whoever waits for it sees it. Types, and the run of a fresh one: started
// for this call, ended with it.

import type { Readable, Writable } from 'node:stream';
import { SmcpError } from '#base/errors.ts';
import type { Logger } from '#base/log.ts';
import type { LaunchPorts } from '#sandbox/host/launcher/launch.ts';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { confinementShortfalls } from '#sandbox/host/launcher/read-back.ts';
import type { ProgramOutput } from './captured-output.ts';
import { type ExitStatus, type KeptProgram, startKept } from './kept-program.ts';
import type { TreeGroup } from './tree-groups.ts';

export type RunEnd = ExitStatus & {
  readonly cpuMs: number;
  readonly rssBytesPeak: number;
  /** The kernel ended it for its memory. Absent: it did not. */
  readonly isShortOfMemory?: boolean;
};

export type ProgramRun = {
  /** The process whose tree is watched. */
  readonly root: number | undefined;
  /** What that tree had used before this call. */
  readonly cpuMsBefore: number;
  /** Whether anything of the program can have run. */
  readonly hasBegun: () => boolean;
  /** Ends the whole tree; `ended` then follows. */
  readonly kill: () => void;
  /**
   * Resolves when the program has ended and all that it printed is in its output.
   *
   * @throws `SANDBOX_UNAVAILABLE` when it could not be confined, so that nothing ran
   */
  readonly ended: Promise<RunEnd>;
};

export type StartPorts = LaunchPorts & { readonly logger: Logger };

/** What goes in and out of a fresh program besides its output. */
export type Wiring = {
  /** Written to stdin, which then ends; absent: stdin is empty. */
  readonly input?: string;
  /** Gets descriptor 3; gives what is called when the program has ended. Every byte must be read. */
  readonly onChannel?: (channel: Readable & Writable) => () => void;
};

const STDERR = 2;
const CHANNEL = 3;

/** The descriptors that a program with this wiring keeps. */
export const keptDescriptorsOf = ({ onChannel }: Wiring): readonly number[] => [
  ...[0, 1, STDERR],
  ...(onChannel === undefined ? [] : [CHANNEL]),
];

/**
 * Starts a program of its own for one call.
 *
 * @throws as `startKept` does
 */
export function startProgram(
  ports: StartPorts,
  profile: LaunchProfile,
  { output, group, ...wiring }: Wiring & { readonly output: ProgramOutput; readonly group?: TreeGroup | undefined },
): ProgramRun {
  const stdin = wiring.input === undefined ? 'ignore' : 'pipe';
  const channel = wiring.onChannel === undefined ? [] : (['pipe'] as const);
  const program = startKept(ports, profile, [stdin, 'pipe', 'pipe', ...channel], group);
  readInto(program, 1, output.stdout);
  readInto(program, STDERR, output.stderr);
  if (wiring.input !== undefined) {
    const input = program.stdio[0] as Writable | null | undefined;
    // A program may close its stdin, or end, before it has read it.
    input?.on('error', () => {});
    input?.end(wiring.input);
  }
  const hostCalls = program.stdio[CHANNEL];
  if (wiring.onChannel !== undefined && hostCalls != null) {
    void program.reaped.then(wiring.onChannel(hostCalls as Readable & Writable));
  }
  let hasBegun = false;
  const confined = program.begun.then(async () => {
    hasBegun = true;
    await checkConfined(program, profile, ports);
  });
  // It is told by `ended`, which may come later: a program that was ended while it started falls short too.
  confined.catch(() => {});
  // What the launcher says is known only when its pipe is closed, which may be after the exit.
  const ended = program.ended.then(async (end) => {
    await confined;
    return end;
  });
  ended.catch(() => {});
  return { root: program.keeperPid, cpuMsBefore: 0, hasBegun: () => hasBegun, kill: program.kill, ended };
}

function readInto(
  program: KeptProgram,
  descriptor: number,
  captured: { readonly push: (bytes: Buffer) => void },
): void {
  const stream = program.stdio[descriptor] as Readable | null | undefined;
  stream?.on('data', captured.push);
  stream?.on('error', () => {});
}

/**
 * Reads back from the kernel that the program is confined; ends it when it is not. One that has ended already can't be read:
 * then the launcher's word stands, which became the program only when every step was done.
 *
 * @throws `SANDBOX_UNAVAILABLE`
 */
export async function checkConfined(
  program: KeptProgram,
  profile: LaunchProfile,
  { kernel, logger }: StartPorts,
): Promise<void> {
  const pid = await program.pid;
  if (pid === undefined) return;
  const shortfalls = confinementShortfalls(pid, { uid: profile.uid ?? kernel.uid });
  if (shortfalls.length === 0 || shortfalls[0] === 'can not be read') return;
  program.kill();
  logger.error('a program was not confined; it was ended', { shortfalls: shortfalls.join(', ') });
  throw new SmcpError('SANDBOX_UNAVAILABLE', 'a program was not confined as it should be', {
    details: { layer: shortfalls.join(', '), remedy: '`smcp doctor` says what this machine offers' },
  });
}
