// The files of one group of the kernel (cgroup v2): kill, is anything left, remove, bound. A group holds what was born in it
// and all that comes of that: nothing leaves it by forking, and the programs in it see no file of it. Trusts the kernel.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { KILL_FILE } from '#sandbox/host/launcher/own-cgroup.ts';

/** What a tree may have. */
export type GroupBounds = { readonly memoryBytes: number; readonly processes: number };

/** Without them groups are made, and bound nothing. */
export const CONTROLLERS = ['memory', 'pids'] as const;

const ROUND_MS = 10;
const ROUNDS_MAX = LIMITS.programEndMsMax / ROUND_MS;

/** Ends every process in it and below it, those that are being forked too. */
export function killGroup(folder: string): void {
  writeFileSync(join(folder, KILL_FILE), '1');
}

/** Whether a process lives in it or below it; one that has ended and was not reaped doesn't. */
export function isPopulated(folder: string): boolean {
  return !/^populated 0$/m.test(readFileSync(join(folder, 'cgroup.events'), 'latin1'));
}

/** Whether the kernel ended something in it because its memory was used up. */
export function wasShortOfMemory(folder: string): boolean {
  const events = readOr(join(folder, 'memory.events'), '');
  return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0) > 0;
}

/**
 * Removes a group and those below it, once all in it has ended: what has not is killed. False when something lives on in the
 * kernel's hands; nothing to do when it is not there.
 */
export async function removeGroup(folder: string): Promise<boolean> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    try {
      if (round > 0) killGroup(folder);
      for (const name of foldersIn(folder)) rmdirSync(join(folder, name));
      rmdirSync(folder);
      return true;
    } catch (thrown) {
      const code = systemErrorCode(thrown);
      if (code === 'ENOENT') return true;
      // The folders of a group that has processes can't be removed.
      if (code !== 'EBUSY') throw thrown;
    }
    await wait(ROUND_MS);
  }
  return false;
}

/** Those of a group that somebody else removed are none. */
export function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

/** Makes the group, unless it is there. */
export function makeGroup(folder: string): void {
  mkdirSync(folder, { recursive: true });
}

/**
 * Bounds a group by the controllers that it has. Its memory can't be swapped out, and who takes too much of it ends as a
 * whole. A kernel that has no swap has no file for it.
 */
export function boundGroup(folder: string, { memoryBytes, processes }: GroupBounds): void {
  const write = (name: string, value: number) => {
    if (existsSync(join(folder, name))) writeFileSync(join(folder, name), String(value));
  };
  write('pids.max', processes);
  write('memory.max', memoryBytes + LIMITS.groupMemoryMarginBytes);
  write('memory.swap.max', 0);
  write('memory.oom.group', 1);
}

/**
 * Lets groups below this one be bounded, as far as it can be had; gives the controllers that they then have. A group with
 * processes of its own can't bound others, but for the root of the machine: when it is we alone, we step aside into `aside`.
 */
export function enableControllers(
  folder: string,
  { wanted = CONTROLLERS, aside }: { readonly wanted?: readonly string[]; readonly aside?: string },
): readonly string[] {
  const offered = words(join(folder, 'cgroup.controllers'));
  const control = join(folder, 'cgroup.subtree_control');
  for (const name of wanted.filter((one) => offered.includes(one))) {
    if (tryWrite(control, `+${name}`) || aside === undefined) continue;
    const members = words(join(folder, 'cgroup.procs'));
    if (members.length !== 1 || members[0] !== String(process.pid)) continue;
    makeGroup(aside);
    if (tryWrite(join(aside, 'cgroup.procs'), String(process.pid))) tryWrite(control, `+${name}`);
  }
  return enabledControllers(folder, wanted);
}

/** Those that groups below this one have. */
export function enabledControllers(folder: string, wanted: readonly string[] = CONTROLLERS): readonly string[] {
  const enabled = words(join(folder, 'cgroup.subtree_control'));
  return wanted.filter((name) => enabled.includes(name));
}

function tryWrite(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch {
    return false;
  }
}

const words = (file: string): readonly string[] =>
  readOr(file, '')
    .split(/\s+/)
    .filter((word) => word !== '');

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return otherwise;
  }
}
