// A simulation: which decisions it is about, from the newest record back; then their replay in the order of the log, from as far before
// them as limits count. Called by review.ts.

import { uuidv7 } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import { createPauses } from '#base/off-thread-pauses.ts';
import type { PolicyRef } from '#domain/decision.ts';
import type { LogSpan, Simulation } from '#domain/policy-review.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import { given } from '#policy/thread-work.ts';
import { firstWindowMs, partialLimits } from './counted-windows.ts';
import { indexSince } from './index-since.ts';
import { formatTools, type ReviewableTool } from './known-tools.ts';
import { type ReadBackPorts, readBack } from './read-back.ts';
import type { OpenSimulation, ReviewTask, SimulateTask } from './review-work.ts';
import type { PageSimulation } from './simulate.ts';
import { createSimulationSum, type SimulationSum } from './simulation-sum.ts';
import type { PageFacts } from './tally.ts';

export type SimulationPorts = ReadBackPorts & {
  /** What is served now. */
  readonly catalog: () => readonly ReviewableTool[];
  readonly ask: <T>(task: ReviewTask) => Promise<T>;
};

export type SimulationQuestion = {
  readonly text: string;
  /** The text in force, and which it is. */
  readonly inForce: string;
  readonly ref: PolicyRef;
  readonly sinceMs: number;
  readonly decisionsMax: number;
  readonly countMax: number;
};

/** @throws `POLICY_INVALID` before anything is read */
export async function simulate(ports: SimulationPorts, question: SimulationQuestion): Promise<Simulation> {
  const { ask, catalog, records, clock } = ports;
  const { inForce, ref, countMax } = question;
  const endMs = clock.monotonicMs() + LIMITS.policyReviewMsMax;
  const other = given(question.text);
  const opened = await ask<OpenSimulation>({ kind: 'open-simulation', ...other });
  const { span, from, to } = await readSpan(ports, question);
  const fill = await indexSince(records, firstWindowMs(opened, span.fromMs), from);
  const sum = createSimulationSum(countMax);
  const last = await replayAll(ports, {
    ...{ from: fill.index, to, endMs, withArgs: opened.looksAtArgs, sum },
    opening: { ...other, inForce, inForceDigest: ref.digest, toolsJson: formatTools(catalog()), fromIndex: from },
  });
  const countedFromMs = fill.sinceMs ?? span.fromMs;
  const { decisions, lastMs: toMs = span.fromMs } = sum.seen();
  const told: LogSpan = last === 'all' ? span : { ...span, decisions, toMs, isComplete: false };
  const partial = fill.index === 0 ? [] : partialLimits(opened, { fromMs: span.fromMs, countedFromMs });
  return sum.told(opened.digest, told, { fromMs: countedFromMs, partial });
}

type ReadSpan = { readonly span: LogSpan; readonly from: number; readonly to: number };

/** The last decisions; `[from, to)` has their records. */
async function readSpan(ports: SimulationPorts, { sinceMs, decisionsMax }: SimulationQuestion): Promise<ReadSpan> {
  let [from, to] = [ports.records.size(), 0];
  const span = await readBack(ports, { sinceMs, decisionsMax, withArgs: false }, async (rows, bounds) => {
    const facts = await ports.ask<PageFacts>({ kind: 'scan', rows, ...bounds, withLimited: true });
    to = Math.max(to, (rows[0]?.index ?? -1) + 1);
    from = Math.min(from, rows[facts.taken - 1]?.index ?? from);
    return facts;
  });
  return { span, from: Math.min(from, to), to };
}

type ReplayPlan = {
  readonly from: number;
  readonly to: number;
  readonly withArgs: boolean;
  readonly endMs: number;
  readonly sum: SimulationSum;
  readonly opening: NonNullable<SimulateTask['opening']>;
};

/** In the order of the log. `some`: the time was over before its end. */
async function replayAll(
  { records, clock, ask }: SimulationPorts,
  { from, to, withArgs, endMs, sum, opening }: ReplayPlan,
): Promise<'all' | 'some'> {
  const pause = createPauses();
  const run = uuidv7(clock.nowMs());
  const pageFrom = async (first: number): Promise<readonly ClosingRow[]> => {
    const end = Math.min(to, first + LIMITS.policyReviewPageLengthMax);
    return first >= to ? [] : records.closings({ from: first, to: end, withArgs }).toReversed();
  };
  const work = async (task: Omit<SimulateTask, 'kind' | 'run'>) => {
    const page = await ask<PageSimulation>({ kind: 'simulate', run, ...task });
    sum.add(page);
    return page.isBusy;
  };
  let rows = await pageFrom(from);
  for (let at = from; ; ) {
    const next = Math.min(to, at + LIMITS.policyReviewPageLengthMax);
    const isLast = next >= to;
    await pause();
    const [, ahead] = await Promise.all([
      work({ rows, isLast, ...(at === from ? { opening } : {}) }).then(async (isBusy) => {
        while (isBusy && clock.monotonicMs() < endMs) isBusy = await work({ rows: [], isLast });
        return isBusy;
      }),
      pageFrom(next),
    ]);
    if (clock.monotonicMs() >= endMs) return 'some';
    if (isLast) return 'all';
    rows = ahead;
    at = next;
  }
}
