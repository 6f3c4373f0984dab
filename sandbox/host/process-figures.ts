// What the kernel says about a process of ours. Linux only; elsewhere there are no figures.

import { readFileSync } from 'node:fs';

const BYTES_PER_KIB = 1024;
const MS_PER_TICK = 10;
/** Positions in /proc/<pid>/stat after the command's closing parenthesis. **Source:** proc_pid_stat(5). */
const USER_TICKS_INDEX = 11;
const SYSTEM_TICKS_INDEX = 12;

/** Resident bytes of a process; undefined when it is gone or this is not Linux. */
export function residentBytes(pid: number): number | undefined {
  try {
    // In kB whatever the page size; statm counts pages, and arm64 has three sizes of them.
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return kib === undefined ? undefined : Number(kib) * BYTES_PER_KIB;
  } catch {
    return undefined;
  }
}

/** Processor time of a process since its start, in ms; undefined when it is gone or this is not Linux. */
export function processorMs(pid: number): number | undefined {
  return readStat(`/proc/${pid}/stat`)?.cpuMs;
}

/** The first thread of a process: its processor time in ms, and whether it waits for something; undefined as above. */
export function firstThread(pid: number): { readonly cpuMs: number; readonly isAsleep: boolean } | undefined {
  return readStat(`/proc/${pid}/task/${pid}/stat`);
}

function readStat(file: string): { readonly cpuMs: number; readonly isAsleep: boolean } | undefined {
  try {
    const stat = readFileSync(file, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[USER_TICKS_INDEX]) + Number(fields[SYSTEM_TICKS_INDEX]);
    return Number.isSafeInteger(ticks) ? { cpuMs: ticks * MS_PER_TICK, isAsleep: fields[0] === 'S' } : undefined;
  } catch {
    return undefined;
  }
}
