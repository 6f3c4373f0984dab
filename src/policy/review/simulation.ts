// A simulation, added up from pages. Called by review.ts.

import { LIMITS } from '#base/limits.ts';
import type { ChangedDecision, ChangeGroup, LogSpan, Simulation } from '#domain/policy-review.ts';
import { given } from '#policy/thread-work.ts';
import { formatTools, type ReviewableTool } from './known-tools.ts';
import { createLackingBook } from './lacking.ts';
import { type ReadBackPorts, readBack } from './read-back.ts';
import type { OpenSimulation, ReviewTask } from './review-work.ts';
import { createShadowSum } from './shadow-sum.ts';
import type { PageSimulation } from './simulate.ts';

export type SimulationPorts = ReadBackPorts & {
  /** What is served now. */
  readonly catalog: () => readonly ReviewableTool[];
  readonly ask: <T>(task: ReviewTask) => Promise<T>;
};

export type SimulationQuestion = {
  readonly text: string;
  /** The text in force. */
  readonly inForce: string;
  readonly sinceMs: number;
  readonly decisionsMax: number;
  readonly countMax: number;
};

/** @throws `POLICY_INVALID` before anything is read */
export async function simulate(ports: SimulationPorts, question: SimulationQuestion): Promise<Simulation> {
  const { ask, catalog } = ports;
  const { inForce, sinceMs, decisionsMax, countMax } = question;
  const other = given(question.text);
  const { digest, looksAtArgs } = await ask<OpenSimulation>({ kind: 'open-simulation', ...other });
  const task = { kind: 'simulate', ...other, inForce, toolsJson: formatTools(catalog()) } as const;
  const sum = createSum(countMax);
  const span = await readBack(ports, { sinceMs, decisionsMax, withArgs: looksAtArgs }, async (rows, bounds) => {
    const page = await ask<PageSimulation>({ ...task, ...bounds, rows });
    sum.add(page);
    return page;
  });
  return sum.told(digest, span);
}

function createSum(countMax: number) {
  const counts = { same: 0, byAnotherRule: 0, changed: 0, withoutArguments: 0, withoutTool: 0 };
  const changes: ChangedDecision[] = [];
  const shadows = createShadowSum();
  const lacking = createLackingBook();
  const groups = new Map<string, ChangeGroup>();
  const group = ({ agent, tool, was, wouldBe, invocation }: ChangedDecision) => {
    const key = JSON.stringify([agent, tool, was.decision, was.rule, wouldBe.decision, wouldBe.rule]);
    const known = groups.get(key);
    if (known === undefined && groups.size >= LIMITS.policyReviewRowsMax) return;
    const { version: _, ...before } = was;
    groups.set(key, { ...{ agent, tool, was: before, wouldBe, invocation }, ...known, count: (known?.count ?? 0) + 1 });
  };
  return {
    add: (page: PageSimulation) => {
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += page[name];
      changes.push(...page.changes.slice(0, countMax - changes.length));
      for (const change of page.changes) group(change);
      shadows.addAll(page.shadows);
      lacking.addAll(page.lacking);
    },
    told: (digest: Simulation['digest'], span: LogSpan): Simulation => ({
      ...counts,
      ...{ digest, span, changes, lacking: lacking.told(), shadows: shadows.told() },
      groups: [...groups.values()].sort((a, b) => b.count - a.count),
    }),
  };
}
