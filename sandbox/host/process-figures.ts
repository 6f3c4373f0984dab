// What the kernel says about a process of ours. Linux only; elsewhere there are no figures.

import { readFileSync } from 'node:fs';
import { procStat } from './proc-stat.ts';

const BYTES_PER_KIB = 1024;

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
  return procStat(pid)?.cpuMs;
}

/** The first thread of a process: its processor time in ms, and whether it waits for something; undefined as above. */
export function firstThread(pid: number): { readonly cpuMs: number; readonly isAsleep: boolean } | undefined {
  const stat = procStat(`${pid}/task/${pid}`);
  return stat && { cpuMs: stat.cpuMs, isAsleep: stat.state === 'S' };
}
