// Tells when one of a few points in time has passed, such as the expiry of a grant. One timer for all of them.

import type { Clock } from './clock.ts';
import { LIMITS } from './limits.ts';

export type TimeWatch = {
  /** Watches these in place of those before; what has passed by now is not told. In ms since the epoch, ascending. */
  readonly watch: (timesMs: readonly number[]) => void;
  /** Tells nothing more. */
  readonly close: () => void;
};

/**
 * Calls `onPassed` after one or more of the times have passed, at most once in `LIMITS.timeWatchMsMin`. As long as there are
 * times it looks at the clock at least each `LIMITS.timeWatchMsMax`, so that a clock that is set is noticed: forward, or
 * back over a time that had passed, which is told too. Holds no process open.
 */
export function createTimeWatch(clock: Clock, onPassed: () => void): TimeWatch {
  let times: readonly number[] = [];
  let passed = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const countPassed = () => {
    const nowMs = clock.nowMs();
    const firstAhead = times.findIndex((timeMs) => timeMs > nowMs);
    return firstAhead === -1 ? times.length : firstAhead;
  };
  const arm = () => {
    clearTimeout(timer);
    if (isClosed || times.length === 0) return;
    const next = times[passed] ?? Number.POSITIVE_INFINITY;
    const quietMs = toldMs + LIMITS.timeWatchMsMin - clock.monotonicMs();
    const waitMs = Math.max(next - clock.nowMs(), quietMs, 1);
    // A clock that shows no number is looked at again as seldom as one that stands.
    const boundedMs = waitMs < LIMITS.timeWatchMsMax ? waitMs : LIMITS.timeWatchMsMax;
    timer = setTimeout(wake, boundedMs).unref();
  };
  const wake = () => {
    const now = countPassed();
    const isTold = now !== passed;
    passed = now;
    if (isTold) toldMs = clock.monotonicMs();
    arm();
    if (isTold) onPassed();
  };
  return {
    watch: (timesMs) => {
      times = timesMs;
      passed = countPassed();
      arm();
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
