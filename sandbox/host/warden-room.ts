// How many wardens there may be, of one plugin and of all: when there is no more room, the one that has been idle
// longest makes it; when none is idle, the call is refused and may be tried again.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { WardenPool } from './warden-pool.ts';

export type WardenRoom = {
  /** Makes room for one more warden in `pool`; `isOwn`: for one agent that ended another. @throws `QUEUE_FULL` when every warden runs a call. */
  readonly make: (pool: WardenPool, isOwn: boolean) => void;
};

/** Room for the wardens of these pools. A warden that was told to end no longer counts: it is gone within milliseconds. */
export function createWardenRoom(
  pools: () => readonly WardenPool[],
  options: { readonly wardensMax?: number; readonly wardensPerPluginMax?: number },
): WardenRoom {
  const wardensMax = options.wardensMax ?? LIMITS.wardensMax;
  const perPluginMax = options.wardensPerPluginMax ?? LIMITS.wardensPerPluginMax;

  return {
    make: (pool, isOwn) => {
      // Agents that run alone never take the last place: the others' calls go on.
      if (isOwn && pool.ownSize() >= Math.max(perPluginMax - 1, 1)) {
        if (pool.idleSinceMs(true) === undefined) throw full('the processes of this plugin', perPluginMax);
        pool.endIdlest(true);
        return;
      }
      if (pool.size() >= perPluginMax) {
        if (pool.idleSinceMs() === undefined) throw full('the processes of this plugin', perPluginMax);
        pool.endIdlest();
        return;
      }
      if (pools().reduce((sum, { size }) => sum + size(), 0) < wardensMax) return;
      const idle = pools().filter(({ idleSinceMs }) => idleSinceMs() !== undefined);
      const [oldest] = idle.toSorted((a, b) => (a.idleSinceMs() ?? 0) - (b.idleSinceMs() ?? 0));
      if (oldest === undefined) throw full('the processes that plugins may run in', wardensMax);
      oldest.endIdlest();
    },
  };
}

function full(what: string, max: number): SmcpError {
  return new SmcpError('QUEUE_FULL', `${what} (${max}) all run calls`, {
    details: { retryAfterMs: 1000, remedy: 'wait for earlier calls to end, then try again' },
  });
}
