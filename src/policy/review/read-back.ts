// Reads the log from its newest record back, page by page, and has each page worked on in the thread of policies. In between
// everything else of the host goes first. Called by review.ts.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { createPauses } from '#base/off-thread-pauses.ts';
import type { LogSpan } from '#domain/policy-review.ts';
import type { RecordReader } from '#domain/ports.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import { predicateOf, timeOf } from './recorded.ts';
import type { PageBounds, PageFacts } from './tally.ts';

export type ReadBackPorts = {
  readonly records: Pick<RecordReader, 'size' | 'record' | 'closings'>;
  readonly clock: Clock;
};

export type ReadBackPlan = PageBounds & { readonly withArgs: boolean };

/** `isFull`: there is no room for more, so that the log is read back no further. */
export type TakenPage = PageFacts & { readonly isFull?: boolean };

/**
 * Until the plan's bounds are reached, the log ends, or `LIMITS.policyReviewMsMax` are over.
 *
 * @param take works on rows, the newest first, and says how many it has taken: at least one.
 */
export async function readBack(
  { records, clock }: ReadBackPorts,
  plan: ReadBackPlan,
  take: (rows: readonly ClosingRow[], bounds: PageBounds) => Promise<TakenPage>,
): Promise<LogSpan> {
  const begunMs = clock.monotonicMs();
  const toMs = clock.nowMs();
  const pause = createPauses();
  const sums = { decisions: 0, undecided: 0, unreadable: 0 };
  let oldestMs = toMs;
  const told = (fromMs: number, isComplete = true): LogSpan => ({ ...sums, fromMs, toMs, isComplete });
  let to = records.size();
  const nextPage = (): readonly ClosingRow[] => {
    const from = Math.max(0, to - LIMITS.policyReviewPageLengthMax);
    const page = records.closings({ from, to, withArgs: plan.withArgs });
    to = from;
    return page;
  };
  /** Read while the page before it is worked on. */
  let ahead: readonly ClosingRow[] | undefined;
  const readAhead = async () => {
    if (to > 0) ahead ??= nextPage();
  };
  while (ahead !== undefined || to > 0) {
    let rows = ahead ?? nextPage();
    ahead = undefined;
    await pause();
    while (rows.length > 0) {
      if (clock.monotonicMs() - begunMs > LIMITS.policyReviewMsMax) return told(oldestMs, false);
      const { sinceMs, decisionsMax } = plan;
      const [facts] = await Promise.all([
        take(rows, { sinceMs, decisionsMax: decisionsMax - sums.decisions }),
        readAhead(),
      ]);
      sums.decisions += facts.decisions;
      sums.undecided += facts.undecided;
      sums.unreadable += facts.unreadable;
      oldestMs = facts.oldestMs ?? oldestMs;
      if (facts.isOver) return told(sums.decisions < plan.decisionsMax ? plan.sinceMs : oldestMs);
      if (facts.isFull === true) return told(oldestMs, false);
      rows = rows.slice(facts.taken);
    }
  }
  return told(Math.max(plan.sinceMs, openedMs(records) ?? oldestMs));
}

/** When the log began: it can tell nothing of before. Undefined where its first record does not say. */
function openedMs(records: Pick<RecordReader, 'record'>): number | undefined {
  const first = records.record(0);
  const predicate = first === undefined ? undefined : predicateOf(first.envelope);
  return timeOf(predicate?.['time']);
}
