// Calls back at each whole minute of the clock on the wall. One timer, which holds no process open.

import type { Clock } from './clock.ts';

const MINUTE_MS = 60_000;

export type EachMinute = {
  /** Begins, or goes on, to call back. */
  readonly start: () => void;
  readonly stop: () => void;
};

/** `act` is called within a timer's delay after the minute has begun. A clock that is set is noticed within a minute. */
export function createEachMinute(clock: Clock, act: () => void): EachMinute {
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(wake, MINUTE_MS - (clock.nowMs() % MINUTE_MS)).unref();
  };
  const wake = () => {
    start();
    act();
  };
  return { start, stop: () => clearTimeout(timer) };
}
