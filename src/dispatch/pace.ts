// Lets the event loop turn between decisions that take long: conditions may look at what an agent sends for 0.1 s each, and
// a hundred such calls that come together must not keep a person's freeze, or anybody's answer, waiting for all of them.
// Used by the dispatcher, which decides and appends the record of it in one go: nothing may come between these two.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';

export type Pace = {
  /** Undefined when a decision may be made now, else when to ask again. */
  readonly busy: () => Promise<void> | undefined;
  /** Makes a decision and counts its time. What it returns is not waited for. */
  readonly count: <T>(decide: () => T) => T;
};

/** Of the decisions of one turn of the loop, no other begins once they took `LIMITS.decisionTurnMsMax`. */
export function createPace(clock: Clock): Pace {
  let spentMs = 0;
  let nextTurn: Promise<void> | undefined;

  const spend = (ms: number) => {
    spentMs += ms;
    if (spentMs < LIMITS.decisionTurnMsMax) return;
    // After an immediate of this turn, sockets are looked at before the next one's.
    nextTurn ??= new Promise((resolve) => {
      setImmediate(() => {
        spentMs = 0;
        nextTurn = undefined;
        resolve();
      });
    });
  };

  return {
    busy: () => nextTurn,
    count: (decide) => {
      const sinceMs = clock.monotonicMs();
      try {
        return decide();
      } finally {
        spend(clock.monotonicMs() - sinceMs);
      }
    },
  };
}
