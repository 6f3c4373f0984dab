// Starts a program under the launcher, and says when it has become the program. From the main thread only: the child dies
// with the thread that started it. Trusts the profile; what the launcher says is a line for the log.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Duplex } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { SmcpError } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import { buildFilter, type FilterOptions } from '#sandbox/host/seccomp/filter.ts';
import type { Program } from '#sandbox/host/seccomp/rule.ts';
import type { KernelOffers, LaunchProfile } from './launch-profile.ts';
import type { Launcher } from './launcher.ts';
import { profileBytes } from './profile-bytes.ts';

export type LaunchCommand = {
  readonly file: string;
  readonly args: readonly string[];
  /** The launcher's own; the program gets the profile's. */
  readonly env: { readonly [name: string]: string };
  /** Where in `stdio` a pipe to the launcher belongs: behind every kept descriptor. */
  readonly descriptor: number;
  /** What is written to that pipe, at once. */
  readonly specification: Buffer;
};

export type Launch = {
  readonly child: ChildProcess;
  /**
   * Resolves when the program begins: confined, and not a moment before. It may have ended since; what was killed on the
   * way to it looks the same, and then nothing ran at all.
   *
   * @throws `SANDBOX_UNAVAILABLE` with the step that failed; the launcher ended with 125
   */
  readonly begun: Promise<void>;
};

export type LaunchPorts = {
  readonly launcher: Launcher;
  readonly kernel: KernelOffers;
  /** Which filter a profile gets; by default one made each time, in about 0.3 ms. `createFilterBook` remembers. */
  readonly filterOf?: (options: FilterOptions) => Program;
};

/** A `filterOf` that makes each filter once. There are as many as there are kinds of profile: a few. */
export function createFilterBook(): (options: FilterOptions) => Program {
  const made = new Map<string, Program>();
  return (options) => {
    const key = JSON.stringify(options);
    const program = made.get(key) ?? buildFilter(options);
    made.set(key, program);
    return program;
  };
}

/**
 * How to start a program. Each command is for one start.
 *
 * @throws as `profileBytes` and `Launcher.path` do
 */
export function launchCommand({ launcher, kernel, filterOf }: LaunchPorts, profile: LaunchProfile): LaunchCommand {
  const specification = profileBytes(profile, kernel, filterOf);
  const descriptor = Math.max(2, ...profile.keptDescriptors) + 1;
  return { file: launcher.path(), args: [String(descriptor)], env: {}, descriptor, specification };
}

export type LaunchOptions = {
  /** How much the program stands back for the host, from 0 to 19. */
  readonly niceness?: number;
};

/**
 * Starts a program. `stdio`: for its descriptors, from 0 on; those that the profile doesn't keep are closed.
 *
 * @throws as `launchCommand` does
 */
export function startLaunch(
  ports: LaunchPorts,
  profile: LaunchProfile,
  stdio: Exclude<StdioOptions, string>,
  { niceness = 0 }: LaunchOptions = {},
): Launch {
  invariant(isMainThread, 'a confined program is started from the main thread');
  const { file, args, env, descriptor, specification } = launchCommand(ports, profile);
  invariant(stdio.length <= descriptor, 'the profile keeps each descriptor that is given');
  const filled = Array.from({ length: descriptor }, (_, place) => stdio[place] ?? 'ignore');
  const child = spawn(file, args, { argv0: 'launcher', env, cwd: '/', stdio: [...filled, 'pipe'] });
  // While it waits to be told what to do it has our user still: of another's, only some may set it.
  if (niceness > 0 && child.pid !== undefined) standBack(child.pid, niceness);
  return { child, begun: instruct(child, child.stdio[descriptor] as Duplex | null | undefined, specification) };
}

function standBack(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It has ended already.
  }
}

/** Writes the specification; its pipe closes when the program begins, after a line when a step failed. */
function instruct(child: ChildProcess, pipe: Duplex | null | undefined, specification: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let said = '';
  // A child that ends early takes the pipe with it: what matters is that nothing began.
  let isWritten = false;
  pipe?.on('error', () => {});
  pipe?.on('data', (chunk: Buffer) => {
    if (said.length < LIMITS.launcherLineBytesMax) said += chunk.toString('latin1');
  });
  pipe?.on('close', () => {
    if (said === '' && isWritten) return resolve();
    const step =
      said.trim().slice(0, LIMITS.launcherLineBytesMax) || 'the launcher ended before it was told what to do';
    const remedy = '`smcp doctor` says what this machine offers';
    reject(new SmcpError('SANDBOX_UNAVAILABLE', 'a program could not be confined', { details: { step, remedy } }));
  });
  child.on('error', (cause) => {
    reject(new SmcpError('SANDBOX_UNAVAILABLE', 'the launcher could not be started', { cause }));
  });
  pipe?.write(specification, (error) => {
    isWritten = error === null || error === undefined;
  });
  // Whoever doesn't wait for it learns of a failure from the exit.
  promise.catch(() => {});
  return promise;
}
