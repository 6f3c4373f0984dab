// Time as a port, so that decisions and deadlines can be tested without waiting.

export type Clock = {
  /** Milliseconds since the Unix epoch; may jump. For records and expiry. */
  readonly nowMs: () => number;
  /** Milliseconds that never go back. For deadlines and usage. */
  readonly monotonicMs: () => number;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** RFC 3339 in UTC with milliseconds, as records and JSON answers carry it. */
export function rfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
