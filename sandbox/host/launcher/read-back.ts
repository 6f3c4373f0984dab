// Reads back from the kernel that a process which has begun is confined. Linux. Trusts the kernel, not the process: none of
// this can be undone by it.

import { readFileSync } from 'node:fs';

const FILTER_MODE = 2;

/** In words, what is not as it must be; `[]` when all is. A process that can't be read falls short. */
export function confinementShortfalls(pid: number, expected: { readonly uid: number }): readonly string[] {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return ['can not be read'];
  }
  const field = (name: string): readonly string[] =>
    (new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/);
  const uids = field('Uid');
  const capabilities = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'].filter((name) => !/^0+$/.test(field(name)[0] ?? ''));
  return [
    ...(uids.length === 4 && uids.every((uid) => uid === String(expected.uid)) ? [] : ['user']),
    ...(field('NoNewPrivs')[0] === '1' ? [] : ['no_new_privs']),
    ...(field('Seccomp')[0] === String(FILTER_MODE) ? [] : ['seccomp']),
    ...capabilities,
  ];
}
