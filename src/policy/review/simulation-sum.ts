// Adds up what the pieces of a simulation have found. Pure.

import { LIMITS } from '#base/limits.ts';
import type { ChangedDecision, ChangeGroup, Counting, LogSpan, Simulation } from '#domain/policy-review.ts';
import { createLackingBook } from './lacking.ts';
import { createLimitSum } from './limit-sum.ts';
import { createShadowSum } from './shadow-sum.ts';
import type { PageSimulation } from './simulate.ts';

export type SimulationSum = {
  /** Of the next piece, in the order of the log. */
  readonly add: (page: PageSimulation) => void;
  /** Decisions that were replayed, and the time of the last of them. */
  readonly seen: () => { readonly decisions: number; readonly lastMs?: number };
  readonly told: (
    digest: Simulation['digest'],
    span: LogSpan,
    counting: Pick<Counting, 'fromMs' | 'partial'>,
  ) => Simulation;
};

/** @param countMax changes that are told one by one, the newest. */
export function createSimulationSum(countMax: number): SimulationSum {
  const counts = { same: 0, byAnotherRule: 0, changed: 0, withoutArguments: 0, withoutTool: 0 };
  const facts = { neverRan: 0, withoutArguments: 0, late: 0, supposedLabels: 0 };
  const [shadows, lacking, limits] = [createShadowSum(), createLackingBook(), createLimitSum()];
  const groups = createGroups();
  const seen: { decisions: number; lastMs?: number } = { decisions: 0 };
  let changes: ChangedDecision[] = [];
  return {
    add: (page) => {
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += page[name];
      for (const name of Object.keys(facts) as (keyof typeof facts)[]) facts[name] += page.facts[name];
      seen.decisions += page.decisions;
      if (page.lastMs !== undefined) seen.lastMs = page.lastMs;
      changes.push(...page.changes);
      if (changes.length > 2 * countMax) changes = changes.slice(-countMax);
      for (const change of page.changes) groups.add(change);
      shadows.addAll(page.shadows);
      lacking.addAll(page.lacking);
      limits.addAll(page.limits);
    },
    seen: () => seen,
    told: (digest, span, counting) => ({
      ...counts,
      ...{ digest, span, lacking: lacking.told(), shadows: shadows.told(), limits: limits.told() },
      counting: { ...facts, ...counting },
      changes: changes.slice(-countMax).sort((a, b) => b.index - a.index),
      groups: groups.told(),
    }),
  };
}

function createGroups() {
  const groups = new Map<string, ChangeGroup>();
  return {
    add: ({ agent, tool, was, wouldBe, invocation }: ChangedDecision) => {
      const key = JSON.stringify([agent, tool, was.decision, was.rule, wouldBe.decision, wouldBe.rule]);
      const known = groups.get(key);
      if (known === undefined && groups.size >= LIMITS.policyReviewRowsMax) return;
      const { version: _, ...before } = was;
      const { limit: __, ...after } = wouldBe;
      groups.set(key, { agent, tool, was: before, wouldBe: after, invocation, count: (known?.count ?? 0) + 1 });
    },
    told: () => [...groups.values()].sort((a, b) => b.count - a.count),
  };
}
