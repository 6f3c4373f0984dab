// Real groups of the kernel for tests, where this machine lets some be made, and processes to put into them.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownWritableCgroup } from '#sandbox/host/launcher/own-cgroup.ts';
import { until } from './harness.ts';

/** The folder in which groups can be made, in a list; `[]` where there is none. */
export const CGROUPS: readonly string[] = [ownWritableCgroup()].flatMap((folder) => folder ?? []);

/** What holds a tree together, each way that this machine has. */
export const HOLDERS = [
  ...CGROUPS.map(() => ({ holder: 'its group of the kernel', withoutGroups: false })),
  { holder: 'its process group', withoutGroups: true },
] as const;

/** Processes with this word on their command line. */
export function withWord(word: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && readProc(pid, 'cmdline').includes(word));
}

/** The group of a process in the unified hierarchy. */
export function groupOf(pid: number): string | undefined {
  return /^0::(.*)$/m.exec(readProc(pid, 'cgroup'))?.[1];
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/** Leaves three processes: one of a new session, one whose parent is gone, and itself. */
const RUNAWAY = `
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0) if len(sys.argv) > 2 else time.sleep(600)
time.sleep(600)
`;

/** Starts them with nothing that confines them; they enter the group themselves. */
export async function startRunaway(group: string, word: string): Promise<ChildProcess> {
  const script = 'echo $$ > "$1/cgroup.procs" && exec /usr/bin/python3 -c "$2" "$3"';
  const child = spawn('/bin/sh', ['-c', script, 'sh', group, RUNAWAY, word], { stdio: 'ignore', detached: true });
  await until(() => withWord(word).length === 3 && groupMembers(group) === 3);
  return child;
}

export function groupMembers(group: string): number {
  return readFileSync(join(group, 'cgroup.procs'), 'latin1')
    .split('\n')
    .filter((line) => line !== '').length;
}
