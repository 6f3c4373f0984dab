// Users of their own for programs of tests: numbers that nobody has.

import { readdirSync, readFileSync } from 'node:fs';
import type { ChildUsers } from '#sandbox/host/process/children-room.ts';

const FIRST_USER = 60_578;
const USERS = 600;
/** Two test files that run at once don't take the same. */
const SHARES = 2;
const USERS_PER_SHARE = USERS / SHARES;

/** Users that no process has. */
export function testUsers(): ChildUsers {
  const taken = new Set<number>();
  const share = Number(process.env['VITEST_POOL_ID'] ?? 0) % SHARES;
  const first = FIRST_USER + share * USERS_PER_SHARE;
  return {
    take: () => {
      if (taken.size === USERS_PER_SHARE) throw new Error('a test holds every user that there is');
      for (;;) {
        const uid = first + Math.floor(Math.random() * USERS_PER_SHARE);
        if (taken.has(uid) || hasProcess(uid)) continue;
        taken.add(uid);
        return { uid, [Symbol.dispose]: () => taken.delete(uid) };
      }
    },
  };
}

function hasProcess(uid: number): boolean {
  const ofUser = new RegExp(`^Uid:\\s+${uid}\\s`, 'm');
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && ofUser.test(readStatus(name)));
}

function readStatus(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}
