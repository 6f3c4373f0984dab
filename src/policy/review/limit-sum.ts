// Adds up which limits of a policy would stop calls: in the thread for a page, and on the host over pages. Pure.

import { LIMITS } from '#base/limits.ts';
import type { Decision } from '#domain/decision.ts';
import type { SimulatedLimit } from '#domain/policy-review.ts';

export type LimitSum = {
  /** What is decided about one call, and whether that is a change. */
  readonly add: (decision: Decision, isChange: boolean) => void;
  readonly addAll: (sums: readonly SimulatedLimit[]) => void;
  /** The most frequent first, at most `LIMITS.policyReviewRowsMax`. */
  readonly told: () => readonly SimulatedLimit[];
};

export function createLimitSum(): LimitSum {
  const sums = new Map<string, SimulatedLimit>();
  const addOne = (one: SimulatedLimit) => {
    const key = JSON.stringify([one.rule, one.unit, one.limit, one.perMs]);
    const known = sums.get(key);
    if (known === undefined && sums.size >= LIMITS.policyReviewRowsMax) return;
    const before = known ?? { calls: 0, changes: 0 };
    sums.set(key, { ...one, calls: before.calls + one.calls, changes: before.changes + one.changes });
  };
  return {
    add: (decision, isChange) => {
      if (decision.kind !== 'deny' || decision.exceeded === undefined) return;
      const { unit, limit, perMs } = decision.exceeded;
      const window = perMs === undefined ? {} : { perMs };
      addOne({ rule: decision.rule, unit, limit, ...window, calls: 1, changes: isChange ? 1 : 0 });
    },
    addAll: (more) => {
      for (const one of more) addOne(one);
    },
    told: () => [...sums.values()].sort((a, b) => b.calls - a.calls || (a.rule < b.rule ? -1 : 1)),
  };
}
