// A review over the fake policy: who may call a tool is asked of it; its log holds one decision, and no rule is unused but one.

import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
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
    simulate: async ({ text }) => {
      if (text.includes('!'))
        throw new SmcpError('POLICY_INVALID', 'the policy given:1:1', { details: { findings: [] } });
      const alike = {
        agent: 'ana',
        tool: 'paint__wall',
        wouldBe: { decision: 'deny', rule: 'r', reason: 'no' },
      } as const;
      const was = { decision: 'allow', rule: 'granted' } as const;
      return {
        ...{ same: 3, byAnotherRule: 1, changed: 1, withoutArguments: 1, withoutTool: 0, digest: sha256(text), span },
        lacking: [{ agent: 'ana', tool: 'paint__wall', rule: 'r', lacks: ['net'], calls: 1, invocation: 'i' }],
        shadows: [{ rule: 'tried', decision: 'deny', calls: 2, changes: 1 }],
        limits: [{ rule: 'r', unit: 'calls', limit: 20, perMs: 86_400_000, calls: 2, changes: 1 }],
        counting: {
          ...{ fromMs: 0, neverRan: 1, withoutArguments: 0, late: 0, supposedLabels: 0 },
          partial: [{ rule: 'r', unit: 'calls', perMs: 86_400_000 }],
        },
        changes: [{ index: 4, invocation: 'i', timeMs: 0, ...alike, was: { ...was, version: 1 }, inForce: 'allow' }],
        groups: [{ ...alike, was, count: 1, invocation: 'i' }],
      };
    },
    suggest: async ({ agent }) => ({
      ...{ policy: policy.current(), span, unknown: 1, text: `version: 1\nagents:\n  ${agent}:\n    grants: []\n` },
      grants: [{ tools: ['paint__wall'], grant: { capabilities: [] }, because: 'allowed', calls: 2, lastMs: 0 }],
      notSuggested: [{ tool: 'x__y', calls: 1, lastMs: 0, reason: 'no tool has this name today' }],
    }),
    unused: async ({ sinceMs }) => ({
      policy: policy.current(),
      span: { ...span, fromMs: Math.max(0, sinceMs) },
      unused: [{ rule: 'old', pointer: '/deny/0', effect: 'deny', tools: ['x__*'], isShadow: true, sinceMs: 0 }],
      shadows: [{ rule: 'tried', pointer: '/deny/1', effect: 'deny', tools: ['x__*'], isShadow: true, calls: 2 }],
      rules: 2,
      byFormerRules: 0,
      byUnknownRules: 0,
    }),
  };
}
