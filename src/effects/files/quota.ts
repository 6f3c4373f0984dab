// How full a workspace is, kept from one write to the next. A person may change the files too, so it is counted anew now and then, and
// always before a write is refused. Called in turn only.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { count } from './count.ts';
import type { Held } from './held.ts';
import { fits, full, plus, type Room } from './room.ts';

export type Quota = {
  /** Before a change. @throws `QUOTA_EXCEEDED` where it would take more than there is room for */
  readonly check: (root: Held, change: Room) => Promise<void>;
  /** After it was done. */
  readonly add: (change: Room) => void;
  /** It is not known what was done. */
  readonly forget: () => void;
};

export function createQuota({ clock }: { readonly clock: Clock }, most: Room): Quota {
  let held: { readonly room: Room; readonly countedMs: number } | undefined;
  const ageMs = () => (held === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() - held.countedMs);
  const recount = async (root: Held): Promise<Room> => {
    const { bytes, files } = await count(root, root, most.files);
    held = { room: { bytes, files }, countedMs: clock.monotonicMs() };
    return held.room;
  };
  return {
    check: async (root, change) => {
      const known = held === undefined || ageMs() > LIMITS.workspaceCountedMsMax ? await recount(root) : held.room;
      if (fits(known, change, most)) return;
      const now = ageMs() < LIMITS.workspaceCountMsMin ? known : await recount(root);
      if (!fits(now, change, most)) throw full(now, most);
    },
    add: (change) => {
      if (held !== undefined) held = { ...held, room: plus(held.room, change) };
    },
    forget: () => {
      held = undefined;
    },
  };
}
