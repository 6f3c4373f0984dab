// One line of the kernel about a process or a thread. The name in it is the program's own and may hold anything, parentheses
// too: what is read stands behind the last of them. Linux only; elsewhere, and of who is gone, there is none.

import { readFileSync } from 'node:fs';

export type ProcStat = {
  /** One letter: `R` runs or waits for a processor, `S` sleeps, `Z` has ended and was not reaped, … */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  /** Processor time that it used itself, in ms. */
  readonly cpuMs: number;
  /** Of children that it has reaped, in ms. */
  readonly reapedCpuMs: number;
};

/** **Source:** proc_pid_stat(5); USER_HZ is 100 on every machine of ours. */
const MS_PER_TICK = 10;

/** `entry`: what stands below /proc, as `7` or `7/task/8`. */
export function procStat(entry: string | number): ProcStat | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${entry}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group] = fields;
  const [user, system, reapedUser, reapedSystem] = fields.slice(11, 15).map(Number);
  const ms = (some: number | undefined, more: number | undefined) => ((some ?? 0) + (more ?? 0)) * MS_PER_TICK;
  const stat = {
    ...{ state, parent: Number(parent), group: Number(group) },
    ...{ cpuMs: ms(user, system), reapedCpuMs: ms(reapedUser, reapedSystem) },
  };
  return Number.isSafeInteger(stat.cpuMs + stat.reapedCpuMs) ? stat : undefined;
}
