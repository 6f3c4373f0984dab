// Where in the log a time begins, found by halving: records are in the order of their times, but for a clock that was set. Called by
// simulation.ts.

import { LIMITS } from '#base/limits.ts';
import { createPauses } from '#base/off-thread-pauses.ts';
import type { RecordReader } from '#domain/ports.ts';
import { readRecorded } from './recorded.ts';

export type IndexSince = {
  /** At or before the first record of that time: less than a page before it, where the log reaches so far. */
  readonly index: number;
  /** From when on records are read; undefined: none of before is needed. */
  readonly sinceMs?: number;
};

/** @param before the first record that is read anyway; at most `LIMITS.policySimulationFillMax` records before it are looked at. */
export async function indexSince(
  records: Pick<RecordReader, 'closings'>,
  sinceMs: number,
  before: number,
): Promise<IndexSince> {
  const least = Math.max(0, before - LIMITS.policySimulationFillMax);
  const pause = createPauses();
  const timeFrom = (from: number): number | undefined => {
    const to = Math.min(before, from + LIMITS.policyReviewPageLengthMax);
    for (const row of records.closings({ from, to, withArgs: false }).toReversed()) {
      const recorded = readRecorded(row);
      if (recorded.kind !== 'unreadable') return recorded.endedMs;
    }
    return undefined;
  };
  const leastMs = least < before ? timeFrom(least) : undefined;
  if (leastMs === undefined) return { index: Math.min(least, before) };
  if (leastMs >= sinceMs) return { index: least, sinceMs: leastMs };
  let [from, to] = [least, before];
  while (to - from > LIMITS.policyReviewPageLengthMax) {
    await pause();
    const middle = (from + to) >> 1;
    // Where nothing can be read, it is taken for later: more is read than is needed.
    if ((timeFrom(middle) ?? Number.POSITIVE_INFINITY) < sinceMs) from = middle;
    else to = middle;
  }
  return { index: from, sinceMs };
}
