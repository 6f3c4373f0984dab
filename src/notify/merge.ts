// Bounds on what somebody else can cause: so many notices of one key within a while, and one for the rest when it is over. So no
// agent can flood a person. Used by outbox.ts.

import { LIMITS } from '#base/limits.ts';
import type { Notice, NoticeBound } from '#domain/notify-ports.ts';

export type Merger = {
  /** Whether there is room for one more. What has none is counted. */
  readonly admits: (bound: NoticeBound) => boolean;
  /** Tells of what was counted, at once. */
  readonly close: () => void;
};

type Window = { told: number; withheld: number; more: NoticeBound['more']; readonly timer: NodeJS.Timeout };

/** In the place of the keys for which there is no room. */
const OTHERS = '';

/**
 * `tell` gets the one notice in the place of others. Holds no process open.
 *
 * @param options.mergeMs how long a window is, from its first notice on
 */
export function createMerger(tell: (notice: Notice) => void, { mergeMs = LIMITS.notifyMergeMs } = {}): Merger {
  const windows = new Map<string, Window>();

  const end = (key: string) => {
    const window = windows.get(key);
    if (window === undefined) return;
    windows.delete(key);
    clearTimeout(window.timer);
    if (window.withheld > 0) tell(window.more(window.withheld));
  };
  const windowOf = (key: string, { more }: NoticeBound): Window => {
    const known = windows.get(key);
    if (known !== undefined) return known;
    const made: Window = { told: 0, withheld: 0, more, timer: setTimeout(() => end(key), mergeMs).unref() };
    windows.set(key, made);
    return made;
  };

  return {
    admits: (bound) => {
      const isKnown = windows.has(bound.key) || windows.size < LIMITS.notifyMergedKeysMax;
      const window = windowOf(isKnown ? bound.key : OTHERS, bound);
      if (window.told < bound.countMax) {
        window.told += 1;
        return true;
      }
      window.withheld += 1;
      window.more = bound.more;
      return false;
    },
    close: () => {
      for (const key of [...windows.keys()]) end(key);
    },
  };
}
