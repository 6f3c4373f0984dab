// Reads back from the kernel that a process which has begun is confined. Linux. Trusts the kernel, not the process: none of
// this can be undone by it.

import { readFileSync } from 'node:fs';

const FILTER_MODE = '2';

/** In words, what is not as it must be; `[]` when all is. */
export type ReadBack = {
  /** Uids, gids, further groups. */
  readonly user: readonly string[];
  readonly capabilities: readonly string[];
  /** Capabilities that a program which runs as its owner could give: no_new_privs holds, too, where the host may not drop them. */
  readonly boundingSet: readonly string[];
  readonly privileges: readonly string[];
  readonly seccomp: readonly string[];
};

/** `uid`: and a group of the same number, and no other. Never throws: a process that can't be read falls short of everything. */
export function readBack(pid: number, { uid }: { readonly uid: number }): ReadBack {
  const status = statusOf(pid);
  if (status === undefined) {
    const unread = ['can not be read'];
    return { user: unread, capabilities: unread, boundingSet: unread, privileges: unread, seccomp: unread };
  }
  const field = fieldsOf(status);
  const isAll = (name: string, wanted: number) =>
    field(name).length === 4 && field(name).every((found) => found === String(wanted));
  const isOwnUser = uid !== process.getuid?.();
  const groups = field('Groups').filter((group) => group !== '');
  const isHeld = (name: string) => !/^0+$/.test(field(name)[0] ?? '');
  return {
    user: [
      ...(isAll('Uid', uid) ? [] : ['user']),
      ...(isAll('Gid', isOwnUser ? uid : (process.getgid?.() ?? -1)) ? [] : ['group']),
      ...(isOwnUser && groups.length > 0 ? ['groups'] : []),
    ],
    capabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'].filter(isHeld),
    boundingSet: ['CapBnd'].filter(isHeld),
    privileges: field('NoNewPrivs')[0] === '1' ? [] : ['no_new_privs'],
    seccomp: [
      ...(field('Seccomp')[0] === FILTER_MODE ? [] : ['seccomp']),
      ...(Number(field('Seccomp_filters')[0]) >= 1 ? [] : ['seccomp filters']),
    ],
  };
}

/** All of `readBack` in one list, but for the bounding set. */
export function confinementShortfalls(pid: number, expected: { readonly uid: number }): readonly string[] {
  const { user, capabilities, privileges, seccomp } = readBack(pid, expected);
  return [...new Set([...user, ...privileges, ...seccomp, ...capabilities])];
}

function statusOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return undefined;
  }
}

const fieldsOf =
  (status: string) =>
  (name: string): readonly string[] =>
    (new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/);
