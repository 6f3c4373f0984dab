// Tries a policy on recorded decisions: page by page in the order of the log, what came of it told after each page. Pure but for what
// it remembers, and the clock that ends a piece of work. Called in the thread of policies. Trust: as in recorded.ts.

import type { Clock } from '#base/clock.ts';
import type { Decision } from '#domain/decision.ts';
import type {
  ChangedDecision,
  CountingFacts,
  LackingCalls,
  SimulatedLimit,
  SimulatedShadow,
  SimulationCounts,
} from '#domain/policy-review.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import { exceededView } from '#domain/usage.ts';
import type { Policy } from '#policy/rules.ts';
import { type CountedReplayParts, createCountedReplay } from './counted-replay.ts';
import { createLackingBook } from './lacking.ts';
import { createLimitSum } from './limit-sum.ts';
import { type RecordedDecision, readRecorded } from './recorded.ts';
import { replay, type ToolSchemas } from './replay.ts';
import { createReplayOrder } from './replay-order.ts';
import { createSessionLabels } from './session-labels.ts';
import { createShadowSum } from './shadow-sum.ts';
import { createPieceEnd } from './tally.ts';

export type Simulated = {
  readonly policy: Policy;
  readonly inForce: Policy;
  /** Of the policy in force: where that decided, the record tells what it says. Absent: not known. */
  readonly inForceDigest?: string;
  readonly schemas: ToolSchemas;
  /** Records from before it fill counters, and are not told. Absent: all are. */
  readonly fromIndex?: number;
  /** For tests. */
  readonly counters?: CountedReplayParts['counters'];
};

/** What a piece of work has found, since the one before. */
export type PageSimulation = SimulationCounts & {
  /** Decisions that are told in the counts. */
  readonly decisions: number;
  /** Of the last of them. */
  readonly lastMs?: number;
  /** There is more to do before the next page: ask again, without rows. */
  readonly isBusy: boolean;
  readonly changes: readonly ChangedDecision[];
  readonly lacking: readonly LackingCalls[];
  readonly shadows: readonly SimulatedShadow[];
  readonly limits: readonly SimulatedLimit[];
  readonly facts: CountingFacts;
};

export type SimulationRun = {
  /**
   * Ends after `LIMITS.policyReviewPieceMsMax`, with at least one decision: what waits for the thread goes on.
   *
   * @param rows in the order of the log; all are taken. `isLast`: nothing comes after them.
   */
  readonly take: (rows: readonly ClosingRow[], isLast: boolean, clock?: Pick<Clock, 'monotonicMs'>) => PageSimulation;
};

export function createSimulation(simulated: Simulated): SimulationRun {
  const { policy, inForce, schemas, counters } = simulated;
  const order = createReplayOrder();
  const labels = createSessionLabels(policy, inForce);
  let page = createPage(simulated);
  const replaying = createCountedReplay({
    ...{ policy, schemas, order, labels },
    tell: (...told) => page.tell(...told),
    ...(counters === undefined ? {} : { counters }),
  });
  let supposedBefore = 0;
  return {
    take: (rows, isLast, clock) => {
      const ended = createPieceEnd(clock);
      page = createPage(simulated);
      for (const row of rows) {
        const recorded = readRecorded(row);
        if (recorded.kind === 'decision') order.push(recorded, row.args?.length ?? 0);
      }
      let isBusy = true;
      do {
        const moment = order.next(isLast);
        isBusy = moment !== undefined;
        if (moment !== undefined) replaying.play(moment);
      } while (isBusy && ended() !== 'stop');
      const supposed = labels.supposed() - supposedBefore;
      supposedBefore += supposed;
      return { ...page.told(supposed), isBusy };
    },
  };
}

function createPage({ inForce, inForceDigest, schemas, fromIndex = 0 }: Simulated) {
  const counts = { same: 0, byAnotherRule: 0, changed: 0, withoutArguments: 0, withoutTool: 0 };
  const facts = { neverRan: 0, withoutArguments: 0, late: 0 };
  const changes: ChangedDecision[] = [];
  const shadows = createShadowSum();
  const lacking = createLackingBook();
  const limits = createLimitSum();
  const seen: { decisions: number; lastMs?: number } = { decisions: 0 };
  const saysNow = (recorded: RecordedDecision): Pick<ChangedDecision, 'inForce'> => {
    if (recorded.digest === inForceDigest) return { inForce: recorded.decision };
    const replayed = replay(inForce, recorded, schemas);
    return replayed.kind === 'decided' ? { inForce: replayed.decision.kind } : {};
  };
  const tell: CountedReplayParts['tell'] = (recorded, replayed, counted) => {
    if (recorded.index < fromIndex) return;
    seen.decisions += 1;
    seen.lastMs = recorded.endedMs;
    if (counted.isLate) facts.late += 1;
    if (replayed.kind !== 'decided') {
      counts[replayed.kind] += 1;
      return;
    }
    const { decision, shadow, isCountedWithoutArguments } = replayed;
    if (counted.neverRan) facts.neverRan += 1;
    if (isCountedWithoutArguments) facts.withoutArguments += 1;
    const isChange = decision.kind !== recorded.decision;
    if (isChange) {
      counts.changed += 1;
      changes.push({ ...changeOf(recorded, decision), ...saysNow(recorded) });
    } else {
      counts.same += 1;
      if (decision.rule !== recorded.rule) counts.byAnotherRule += 1;
    }
    limits.add(decision, isChange);
    shadows.add(shadow, decision);
    lacking.add(recorded, decision);
  };
  return {
    tell,
    told: (supposedLabels: number): Omit<PageSimulation, 'isBusy'> => ({
      ...{ ...counts, ...seen, changes, facts: { ...facts, supposedLabels } },
      ...{ lacking: lacking.told(), shadows: shadows.told(), limits: limits.told() },
    }),
  };
}

function changeOf(recorded: RecordedDecision, decision: Decision): ChangedDecision {
  const { index, invocation, endedMs, agent, tool, decision: was, rule, version, limitUnit } = recorded;
  const exceeded = decision.kind === 'deny' ? decision.exceeded : undefined;
  return {
    ...{ index, invocation, timeMs: endedMs, agent, tool },
    was: { decision: was, rule, version, ...(limitUnit === undefined ? {} : { limit: limitUnit }) },
    wouldBe: {
      ...{ decision: decision.kind, rule: decision.rule, reason: decision.reason },
      ...(exceeded === undefined ? {} : { limit: exceededView(exceeded) }),
    },
  };
}
