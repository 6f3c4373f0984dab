// `smcp policy test`: whether a policy decides what is expected of it. Does no I/O. Trust: both texts are their author's.

import { systemClock } from '#base/clock.ts';
import { nearest } from '#base/nearest.ts';
import type { AgentName } from '#domain/agent.ts';
import { type Decision, NO_POLICY } from '#domain/decision.ts';
import { supposedSeen } from '#domain/labels.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import type { AdvisedTool } from '#policy/advice.ts';
import { decide } from '#policy/decide.ts';
import { createPolicyParser } from '#policy/document.ts';
import type { Policy } from '#policy/rules.ts';
import { createExpectationParser, type Expectation } from './expectations.ts';

/** An expectation, and what the policy says. */
export type TestedExpectation = Expectation & {
  readonly isMet: boolean;
  readonly decision: Decision['kind'];
  readonly decidedBy: string;
  readonly reason: string;
  readonly remedy?: string;
};

export type PolicyTest = {
  /** Errors in the policy; then nothing is tried. */
  readonly policyFindings: readonly PolicyFinding[];
  /** Errors in the expectations, and then nothing is tried; else what keeps one from saying anything. */
  readonly findings: readonly PolicyFinding[];
  readonly results: readonly TestedExpectation[];
};

export type PolicyTester = (
  texts: { readonly policy: string; readonly expectations: string },
  tools: readonly AdvisedTool[],
  nowMs?: number,
) => PolicyTest;

/** @param tools those of today, by whose schemas numbers in conditions have their types. */
export function createPolicyTester(): PolicyTester {
  const parsePolicy = createPolicyParser();
  const parseExpectations = createExpectationParser();
  return (texts, tools, nowMs = systemClock.nowMs()) => {
    const { compiled, findings: policyFindings } = parsePolicy(texts.policy);
    const { expectations, findings: wrong } = parseExpectations(texts.expectations);
    if (compiled === undefined || wrong.length > 0) return { policyFindings, findings: wrong, results: [] };
    const known = new Map(tools.map((tool) => [tool.name, tool]));
    return {
      policyFindings: [],
      findings: expectations.flatMap((one, at) => adviseOn(one, at, { policy: compiled.policy, known })),
      results: expectations.map((one) => tryOne(compiled.policy, one, { known: known.get(one.tool), nowMs })),
    };
  };
}

/** A name that nobody has is denied whatever the policy says: an expectation of it would never fail. */
function adviseOn(
  { agent, tool, args, line, column }: Expectation,
  at: number,
  { policy, known }: { readonly policy: Policy; readonly known: ReadonlyMap<string, AdvisedTool> },
): readonly PolicyFinding[] {
  const found: PolicyFinding[] = [];
  if (!policy.agents.has(agent)) {
    const near = nearest(agent, [...policy.agents.keys()]);
    const remedy = near === undefined ? 'name an agent of the policy' : `did you mean ${JSON.stringify(near)}?`;
    const message = `the policy names no agent ${JSON.stringify(agent)}`;
    found.push({ severity: 'error', line, column, pointer: `/${at}/agent`, message, remedy });
  }
  if (!known.has(tool) && Object.keys(args).length > 0) {
    const message = `no tool of today is called ${tool}: its numbers are taken for doubles`;
    const remedy = 'name the directory of its plugin with --plugins';
    found.push({ severity: 'warning', line, column, pointer: `/${at}/tool`, message, remedy });
  }
  return found;
}

type Asked = { readonly known: AdvisedTool | undefined; readonly nowMs: number };

function tryOne(policy: Policy, expectation: Expectation, { known, nowMs }: Asked): TestedExpectation {
  const { tool: name, args, atMs, session, labels, expect, rule } = expectation;
  const agent = expectation.agent as AgentName;
  const seen = supposedSeen(agent, labels);
  const decision = decide(policy, NO_POLICY, {
    ...{ agent, args, nowMs: atMs ?? nowMs, labels: { agent: seen, session: seen } },
    tool: { ...known, name },
    ...(session === undefined ? {} : { session }),
  });
  return {
    ...expectation,
    isMet: decision.kind === expect && (rule === undefined || rule === decision.rule),
    ...{ decision: decision.kind, decidedBy: decision.rule, reason: decision.reason },
    ...(decision.kind === 'allow' ? {} : { remedy: decision.remedy }),
  };
}
