// Figures of processes, read from /proc: their descendants, processor time and memory. Linux; elsewhere nothing is found.

import { readdirSync, readFileSync } from 'node:fs';

export type ProcessFigures = {
  readonly pid: number;
  readonly parent: number;
  /** In clock ticks since boot: tells a process from a later one with its number. */
  readonly startTime: number;
  readonly cpuUs: number;
};

/** Linux reports processor time in hundredths of a second whatever the kernel's own tick is. */
const US_PER_TICK = 10_000;
const BYTES_PER_KIB = 1024;

/** Undefined when there is no such process, or it has ended and only waits to be reaped. */
export function processFigures(pid: number): ProcessFigures | undefined {
  const text = readText(pid, 'stat');
  // The name, in brackets, may hold anything.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields[0] === 'Z') return undefined;
  const at = (field: number) => Number(fields[field - 3]);
  return { pid, parent: at(4), startTime: at(22), cpuUs: (at(14) + at(15)) * US_PER_TICK };
}

/** Everything that `pid` started, directly or not, and that still exists. */
export function descendantsOf(pid: number): readonly ProcessFigures[] {
  const all = numbersIn('/proc').flatMap((each) => processFigures(each) ?? []);
  const below = (parent: number): readonly ProcessFigures[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}

/** Those of them that still run. */
export function stillThere(processes: readonly ProcessFigures[]): readonly number[] {
  return processes.filter(({ pid, startTime }) => processFigures(pid)?.startTime === startTime).map(({ pid }) => pid);
}

/** Resident memory, and that part of it that is the process's own and no file's. Undefined when it is gone. */
export function memoryOf(pid: number): { readonly residentBytes: number; readonly ownBytes: number } | undefined {
  const status = readText(pid, 'status');
  const bytesOf = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status ?? '')?.[1]) * BYTES_PER_KIB;
  return status === undefined ? undefined : { residentBytes: bytesOf('VmRSS'), ownBytes: bytesOf('RssAnon') };
}

function numbersIn(directory: string): readonly number[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function readText(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}
