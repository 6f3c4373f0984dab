// Which limits of a policy count over time, and how far back records have to be read so that their counters are as full as they were. Pure.

import { LIMITS } from '#base/limits.ts';
import type { PartialLimit } from '#domain/policy-review.ts';
import type { Limit } from '#policy/limits.ts';
import type { Policy } from '#policy/rules.ts';

export type CountedWindows = {
  /** Each rule, unit and length once, at most `LIMITS.policyReviewRowsMax`; the loop breaker is one of them. */
  readonly windows: readonly PartialLimit[];
  /** A limit looks at how many run. */
  readonly countsRunning: boolean;
  /** A limit looks at arguments: at their length, or whether they are the same. */
  readonly looksAtArgs: boolean;
};

export function countedWindows({ agents, loop }: Policy): CountedWindows {
  const limits = new Set<Limit>();
  for (const rules of agents.values()) {
    for (const one of rules.limits.flat()) limits.add(one);
    for (const grant of rules.grants.flat()) for (const one of grant.limits ?? []) limits.add(one);
  }
  const windows = new Map<string, PartialLimit>();
  const add = (one: PartialLimit) => {
    if (windows.size < LIMITS.policyReviewRowsMax) windows.set(JSON.stringify([one.rule, one.unit, one.perMs]), one);
  };
  for (const { rule, unit, perMs } of limits) if (perMs !== undefined) add({ rule, unit, perMs });
  if (loop !== undefined) add({ rule: '/defaults/loop', unit: 'repeats', perMs: loop.perMs });
  const units = new Set([...limits].map(({ unit }) => unit));
  return {
    windows: [...windows.values()],
    countsRunning: units.has('concurrent'),
    looksAtArgs: loop !== undefined || units.has('bytes'),
  };
}

/** When the first window began that a decision at `fromMs` counts in; that itself where there is none. */
export function firstWindowMs({ windows, countsRunning }: CountedWindows, fromMs: number): number {
  const running = countsRunning ? [fromMs - LIMITS.policySimulationRunningMs] : [];
  return windows.reduce((first, one) => Math.min(first, beginOf(one, fromMs)), Math.min(fromMs, ...running));
}

/** Those that began before anything was counted. */
export function partialLimits(
  { windows }: CountedWindows,
  { fromMs, countedFromMs }: { readonly fromMs: number; readonly countedFromMs: number },
): readonly PartialLimit[] {
  return windows.filter((one) => beginOf(one, fromMs) < countedFromMs);
}

/** Windows follow each other from the epoch on; that of a repeated call begins with the first of them. */
function beginOf({ unit, perMs }: PartialLimit, atMs: number): number {
  return unit === 'repeats' ? atMs - perMs : atMs - (atMs % perMs);
}
