// Where this process may make groups of processes (cgroup v2) below its own. Asked by making one, since a hierarchy may be
// mounted read-only, belong to another user, be of threads, or be of a kernel that can't kill a group. Trusts the kernel.

import { randomUUID } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Written to, it ends a whole group. Linux 5.14. */
export const KILL_FILE = 'cgroup.kill';

export type ProcFiles = { readonly mountinfo: string; readonly cgroup: string };

/** The folder of our own group, absolute; undefined where none can be made in it. Never throws. */
export function ownWritableCgroup(): string | undefined {
  try {
    const folder = ownCgroupIn({
      mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
      cgroup: readFileSync('/proc/self/cgroup', 'utf8'),
    });
    return folder !== undefined && canMakeGroup(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Where the unified hierarchy shows our own group; undefined when it isn't mounted, or not that part of it. */
export function ownCgroupIn({ mountinfo, cgroup }: ProcFiles): string | undefined {
  const own = /^0::(\/.*)$/m.exec(cgroup)?.[1];
  if (own === undefined) return undefined;
  for (const line of mountinfo.split('\n')) {
    const [mount = '', system = ''] = line.split(' - ');
    const [, , , root, point] = mount.split(' ').map(unescapeOctal);
    if (!system.startsWith('cgroup2 ') || root === undefined || point === undefined) continue;
    const below = posix.relative(root, own);
    // Another part of the hierarchy may be mounted here, or one above it.
    if (below !== '..' && !below.startsWith('../')) return join(point, below);
  }
  return undefined;
}

/** Blanks and a few more are written as `\040`. **Source:** proc_pid_mountinfo(5). */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** To start a process in a group, its parent's list of processes must be writable too. */
function canMakeGroup(folder: string): boolean {
  const group = join(folder, `smcp-probe-${randomUUID()}`);
  accessSync(join(folder, 'cgroup.procs'), constants.W_OK);
  mkdirSync(group);
  try {
    accessSync(join(group, KILL_FILE), constants.W_OK);
    return readFileSync(join(group, 'cgroup.type'), 'latin1') === 'domain\n';
  } finally {
    rmdirSync(group);
  }
}
