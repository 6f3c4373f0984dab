// A review over the fake policy: who may call a tool is asked of it; its log holds one decision, and no rule is unused but one.

import type { PolicyAdmin, PolicyDecider } from '#domain/policy-ports.ts';
import type { PolicyReview } from '#domain/policy-review.ts';

export function createReview(policy: PolicyDecider & PolicyAdmin): PolicyReview {
  const span = { fromMs: 0, toMs: 1_000, decisions: 1, undecided: 0, unreadable: 0, isComplete: true };
  return {
    whoCan: async ({ tool, args = {}, stopped, countMax }) => {
      const counts = { allow: 0, ask: 0, deny: 0 };
      const agents = policy.agents().map((agent) => {
        const { kind, ...decided } = policy.decide({ agent, tool, args, nowMs: 0 });
        const stop = stopped.get(agent);
        const decision = stop === undefined ? kind : 'deny';
        counts[decision] += 1;
        return { agent, decision, rule: decided.rule, reason: decided.reason, ...stop, conditions: [] };
      });
      return { policy: policy.current(), agents: agents.slice(0, countMax), counts };
    },
    unused: async ({ sinceMs }) => ({
      policy: policy.current(),
      span: { ...span, fromMs: Math.max(0, sinceMs) },
      unused: [{ rule: 'old', pointer: '/deny/0', effect: 'deny', tools: ['x__*'], sinceMs: 0 }],
      rules: 2,
      byFormerRules: 0,
      byUnknownRules: 0,
    }),
  };
}
