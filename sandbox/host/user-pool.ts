// Users of their own for what is confined: one per plugin, from a range of numbers that belong to nobody. Used where the host
// is root and may change users. Two plugins of one server never share one. Another
// server's are seen once a process of its has one: give two servers ranges that don't overlap.

import { readdirSync, readFileSync } from 'node:fs';
import { SmcpError } from '#base/errors.ts';

export type UserRange = { readonly first: number; readonly count: number };

/** Give it back when every process of it has been reaped. */
export type UserLease = Disposable & { readonly uid: number };

export type UserPool = {
  /**
   * The user of `owner`: the same one as long as a lease of it is out.
   *
   * @throws `SANDBOX_UNAVAILABLE` when none is left
   */
  readonly take: (owner: string) => UserLease;
};

/** Numbers that are somebody's on this machine. */
export type UsersInUse = () => ReadonlySet<number>;

/** A pool of these users. One that was given back is the last to be given out again. */
export function createUserPool(range: UserRange, usersInUse: UsersInUse = usersOfMachine): UserPool {
  const leased = new Map<string, { readonly uid: number; count: number }>();
  // Not where the next server begins, too.
  let next = process.pid % range.count;

  const find = (): number => {
    const used = usersInUse();
    const ours = new Set([...leased.values()].map(({ uid }) => uid));
    for (let tried = 0; tried < range.count; tried += 1) {
      const uid = range.first + next;
      next = (next + 1) % range.count;
      if (!used.has(uid) && !ours.has(uid)) return uid;
    }
    const last = range.first + range.count - 1;
    throw new SmcpError('SANDBOX_UNAVAILABLE', `every user from ${range.first} to ${last} is in use`, {
      details: { layer: 'own-user', remedy: 'end other servers, or give more with `sandbox.users` in config.yaml' },
    });
  };

  return {
    take: (owner) => {
      const entry = leased.get(owner) ?? { uid: find(), count: 0 };
      entry.count += 1;
      leased.set(owner, entry);
      let isOut = true;
      return {
        uid: entry.uid,
        [Symbol.dispose]: () => {
          if (!isOut) return;
          isOut = false;
          entry.count -= 1;
          if (entry.count === 0) leased.delete(owner);
        },
      };
    },
  };
}

/** Users that a process has, of this server, another or one that crashed, and those that have a name. Linux. */
function usersOfMachine(): ReadonlySet<number> {
  const used = new Set<number>();
  const add = (numbers: string | undefined): void => {
    for (const number of numbers?.trim().split(/\s+/) ?? []) used.add(Number(number));
  };
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = readText(`/proc/${name}/status`);
    add(/^Uid:(.*)$/m.exec(status)?.[1]);
    add(/^Gid:(.*)$/m.exec(status)?.[1]);
  }
  for (const file of ['/etc/passwd', '/etc/group']) {
    for (const [, number] of readText(file).matchAll(/^[^:\n]*:[^:\n]*:(\d+):/gm)) add(number);
  }
  return used;
}

/** Whether every number of the range is one that this host may give: in a container only some are. Linux. */
export function isRangeMapped(range: UserRange): boolean {
  return ['/proc/self/uid_map', '/proc/self/gid_map'].every((file) =>
    readText(file)
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .some(([first = 0, , length = 0]) => range.first >= first && range.first + range.count <= first + length),
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
