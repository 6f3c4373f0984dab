// Counts which rules decided. Pure. Called in the thread of policies, page by page from the newest record back.

import { type Clock, systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import { type RecordedDecision, readRecorded } from './recorded.ts';

/** What was read of a page, and how far back: to be added up by whoever asked for it. */
export type PageFacts = {
  /** Rows that are done with; the rest is for the next piece of work. */
  readonly taken: number;
  readonly decisions: number;
  readonly undecided: number;
  readonly unreadable: number;
  /** Of the oldest decision that was taken; absent where there was none. */
  readonly oldestMs?: number;
  /** What was asked for is reached: nothing older is needed. */
  readonly isOver: boolean;
};

export type PageBounds = {
  /** Records from before are not taken. */
  readonly sinceMs: number;
  /** Decisions that may still be taken. */
  readonly decisionsMax: number;
  /** Whose decisions are taken; absent: everybody's. */
  readonly agent?: string;
  /** Denials by a limit are decisions, too. Absent: the rules had no say in them, and they are not taken. */
  readonly withLimited?: true;
};

/**
 * Hands each decision of the page to `take`, the newest first, until a bound is reached or `take` says `stop`; that one is taken
 * still.
 */
export function readPage(
  rows: readonly ClosingRow[],
  { sinceMs, decisionsMax, agent, withLimited }: PageBounds,
  take: (recorded: RecordedDecision) => 'stop' | undefined,
): PageFacts {
  const facts = { taken: 0, decisions: 0, undecided: 0, unreadable: 0 };
  let oldestMs: number | undefined;
  const tell = (isOver: boolean): PageFacts => ({ ...facts, isOver, ...(oldestMs === undefined ? {} : { oldestMs }) });
  for (const row of rows) {
    if (facts.decisions >= decisionsMax) return tell(true);
    const recorded = readRecorded(row);
    if (recorded.kind !== 'unreadable' && recorded.endedMs < sinceMs) return tell(true);
    facts.taken += 1;
    if (recorded.kind === 'unreadable') facts.unreadable += 1;
    else if (recorded.kind === 'undecided' || (recorded.limitUnit !== undefined && withLimited !== true)) {
      facts.undecided += 1;
    }
    if (recorded.kind !== 'decision' || (recorded.limitUnit !== undefined && withLimited !== true)) continue;
    if (agent !== undefined && recorded.agent !== agent) continue;
    facts.decisions += 1;
    oldestMs = recorded.endedMs;
    if (take(recorded) === 'stop') break;
  }
  return tell(facts.decisions >= decisionsMax);
}

/** Says `stop` once a piece of work has taken `LIMITS.policyReviewPieceMsMax`, from now: what waits for the thread goes on. */
export function createPieceEnd(clock: Pick<Clock, 'monotonicMs'> = systemClock): () => 'stop' | undefined {
  const endMs = clock.monotonicMs() + LIMITS.policyReviewPieceMsMax;
  return () => (clock.monotonicMs() > endMs ? 'stop' : undefined);
}

/** Counts the decisions of a page. */
export function scanPage(rows: readonly ClosingRow[], bounds: PageBounds): PageFacts {
  const ended = createPieceEnd();
  return readPage(rows, bounds, ended);
}

/** How often a rule of a version of the policy decided, or would have. */
export type Tally = {
  readonly version: number;
  readonly digest: string;
  readonly rule: string;
  readonly count: number;
};

export type PageTally = PageFacts & { readonly tallies: readonly Tally[] };

export function tallyPage(rows: readonly ClosingRow[], bounds: PageBounds): PageTally {
  const tallies = new Map<string, Tally & { count: number }>();
  const facts = readPage(rows, bounds, ({ version, digest, rule: decided, shadow }) => {
    // No two rules of a text have one name: those in shadow are counted like the one that decided.
    for (const rule of [decided, ...shadow.map((one) => one.rule)]) {
      const key = `${version} ${digest} ${rule}`;
      const known = tallies.get(key) ?? { version, digest, rule, count: 0 };
      tallies.set(key, { ...known, count: known.count + 1 });
    }
    return undefined;
  });
  return { ...facts, tallies: [...tallies.values()] };
}
