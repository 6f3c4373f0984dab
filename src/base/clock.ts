// Time as a port, so that decisions and deadlines can be tested without waiting.

import { invariant } from './invariant.ts';

export type Clock = {
  /** Milliseconds since the Unix epoch; may jump. For records and expiry. */
  readonly nowMs: () => number;
  /** Milliseconds that never go back. For deadlines and usage. */
  readonly monotonicMs: () => number;
  /** Processor time of the thread that asks, in µs. Absent: nobody counts it. */
  readonly threadUs?: () => number;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  threadUs: () => {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  },
};

/** Years 0000 to 9999: all that RFC 3339 can write. **Source:** RFC 3339 §1 */
const EPOCH_MS_MIN = -62_167_219_200_000;
const EPOCH_MS_MAX = 253_402_300_799_999;

/** Whether `rfc3339` can write it. Not for NaN. */
export function isWritableTime(epochMs: number): boolean {
  return epochMs >= EPOCH_MS_MIN && epochMs <= EPOCH_MS_MAX;
}

/**
 * RFC 3339 in UTC with milliseconds, as records and JSON answers carry it.
 *
 * @throws `INTERNAL` for a time outside of the years 0000 to 9999: what comes from outside is bounded where it comes in.
 */
export function rfc3339(epochMs: number): string {
  invariant(isWritableTime(epochMs), `${epochMs} ms is a time that can be written`);
  return new Date(epochMs).toISOString();
}
