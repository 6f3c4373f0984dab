// Notices that the clock on the wall was set back, so that nothing that had ended begins anew by it. Uses a clock that only goes on.

import type { Clock } from './clock.ts';
import { LIMITS } from './limits.ts';

export type SetBack = {
  /**
   * How far the clock is behind the latest time that it showed, that having gone on since, in ms. 0: it was never set back by
   * `LIMITS.clockSetBackMsMin` or more, or has caught up. Asked often, it notices each step.
   */
  readonly behindMs: () => number;
};

/**
 * Begins with the time of now: a clock that was wrong before is mended by a restart. Smaller steps are the keeping of time,
 * and are followed.
 *
 * @param onNoticed called once for each step back that counts.
 */
export function createSetBack(clock: Clock, onNoticed: (stepMs: number) => void): SetBack {
  let wallMs = clock.nowMs();
  let steadyMs = clock.monotonicMs();
  let behindMs = 0;
  return {
    behindMs: () => {
      const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
      const stepMs = Math.round(nowMs - wallMs - (monotonicMs - steadyMs));
      [wallMs, steadyMs] = [nowMs, monotonicMs];
      const isNoticed = stepMs <= -LIMITS.clockSetBackMsMin;
      if (isNoticed || behindMs > 0) behindMs = Math.max(0, behindMs - stepMs);
      if (isNoticed) onNoticed(-stepMs);
      return behindMs;
    },
  };
}
