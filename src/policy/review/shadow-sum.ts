// Adds up what rules in shadow would have decided: in the thread for a page, and on the host over pages. Pure.

import type { Decision, ShadowDecision } from '#domain/decision.ts';
import type { SimulatedShadow } from '#domain/policy-review.ts';

export type ShadowSum = {
  /** What rules in shadow say of one call, and what is decided about it. */
  readonly add: (shadow: readonly ShadowDecision[], decision: Pick<Decision, 'kind'>) => void;
  readonly addAll: (sums: readonly SimulatedShadow[]) => void;
  /** The most frequent first. There are at most as many as the policy has rules. */
  readonly told: () => readonly SimulatedShadow[];
};

export function createShadowSum(): ShadowSum {
  const sums = new Map<string, SimulatedShadow>();
  const addOne = (one: SimulatedShadow) => {
    const known = sums.get(one.rule);
    const before = known ?? { calls: 0, changes: 0 };
    sums.set(one.rule, { ...one, calls: before.calls + one.calls, changes: before.changes + one.changes });
  };
  return {
    add: (shadow, { kind }) => {
      for (const one of shadow) addOne({ ...one, calls: 1, changes: one.decision === kind ? 0 : 1 });
    },
    addAll: (more) => {
      for (const one of more) addOne(one);
    },
    told: () => [...sums.values()].sort((a, b) => b.calls - a.calls || (a.rule < b.rule ? -1 : 1)),
  };
}
