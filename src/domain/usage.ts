// What limits count: one counter, and how much of it is used. A decision names the counters that a call takes from; who keeps them
// says how full they are. Pure.

import { isWritableTime, rfc3339 } from '#base/clock.ts';

/**
 * `calls` · `bytes` of arguments, answers and host calls · `cost` in millionths of what the operator counts in · `concurrent`
 * calls that run · `repeats` of the same call.
 */
export type CountedUnit = 'calls' | 'bytes' | 'cost' | 'concurrent' | 'repeats';

/** Cost is counted in whole millionths, which add up exactly. */
export const COST_MICROS = 1_000_000;

export type Counter = {
  /** The same key, the same counter. Stays while the policy changes, as long as rule, unit and window stay. */
  readonly key: string;
  readonly unit: CountedUnit;
  /** What it may hold. */
  readonly max: number;
  /** What this call takes, as far as it is known before it runs. */
  readonly amount: number;
  /** The length of its window. Absent: it has none, what is taken is given back. */
  readonly perMs?: number;
  /** The `id` of the rule that sets the limit, else the JSON pointer of the limit or of its grant. */
  readonly rule: string;
  /** Where the limit stands in the policy. */
  readonly pointer: string;
};

/** How much of a counter is used in the window of now. `resetsMs`: when that ends, since the epoch; absent: no window. */
export type Used = { readonly used: number; readonly resetsMs?: number };

export type Usage = { readonly of: (counter: Counter) => Used };

/** A limit that has no room for a call. */
export type Exceeded = {
  readonly unit: CountedUnit;
  readonly limit: number;
  readonly used: number;
  readonly perMs?: number;
  readonly resetsMs?: number;
};

/** As answers and records have it. `resetsAt` is absent where nothing but the end of other calls makes room. */
export function exceededView({ unit, limit, used, perMs, resetsMs }: Exceeded) {
  return {
    ...{ unit, limit, used },
    ...(perMs === undefined ? {} : { perMs }),
    ...(resetsMs === undefined || !isWritableTime(resetsMs) ? {} : { resetsAt: rfc3339(resetsMs) }),
  };
}

/** What one call has taken from its counters. */
export type Taken = {
  /** Keys of the counters of calls that run: what this call makes other tools do runs in its place. */
  readonly held: readonly string[];
  /**
   * It ran: what was taken stays, what it moved beside its arguments is added, and of its cost what it did not cost is given back
   * (`costMicros` absent: nothing). Before the record of its end.
   */
  readonly settle: (movedBytes: () => number, costMicros?: number) => void;
  /** It did not run: gives everything back. Nothing after `settle`. */
  readonly giveBack: () => void;
  /** It runs no more. Gives back what is left to be. */
  readonly end: () => void;
};

/** Of a call that no limit counts. */
export const NOTHING_TAKEN: Taken = { held: [], settle: () => {}, giveBack: () => {}, end: () => {} };
