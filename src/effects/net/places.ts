// How many of something may be under way: in all, and of each owner. Called by the effect `net` only.

import { SmcpError } from '#base/errors.ts';

export type Bound = { readonly what: string; readonly countMax: number };

export type Places = {
  /**
   * Takes a place in each bound, under the key for it, and gives the function that leaves them again; called twice it does nothing.
   *
   * @throws `QUEUE_FULL`, with nothing taken
   */
  readonly enter: (keys: readonly string[]) => () => void;
};

export function createPlaces(bounds: readonly Bound[]): Places {
  const counts = bounds.map(() => new Map<string, number>());
  return {
    enter: (keys) => {
      for (const [at, { what, countMax }] of bounds.entries()) {
        if ((counts[at]?.get(keys[at] ?? '') ?? 0) < countMax) continue;
        throw new SmcpError('QUEUE_FULL', `there are at most ${countMax} ${what}`, {
          details: { remedy: 'await one before the next' },
        });
      }
      const add = (by: number) => {
        for (const [at, count] of counts.entries()) {
          const key = keys[at] ?? '';
          const next = (count.get(key) ?? 0) + by;
          if (next > 0) count.set(key, next);
          else count.delete(key);
        }
      };
      add(1);
      let isIn = true;
      return () => {
        if (isIn) add(-1);
        isIn = false;
      };
    },
  };
}
