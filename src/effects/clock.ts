// The effect of the capability `clock`. Called by the broker, which has decided; decides nothing itself.

import type { Clock } from '#base/clock.ts';

export type ClockEffect = {
  /** Whole milliseconds since the Unix epoch. */
  readonly now: () => number;
};

export function createClockEffect(ports: { readonly clock: Clock }): ClockEffect {
  return { now: () => Math.floor(ports.clock.nowMs()) };
}
