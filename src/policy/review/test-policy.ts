// `smcp policy test`: whether a policy decides what is expected of it. Does no I/O. Trust: both texts are their author's.

import { systemClock } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import { nearest } from '#base/nearest.ts';
import type { AgentName } from '#domain/agent.ts';
import { type Decision, NO_POLICY } from '#domain/decision.ts';
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
    const schemas = new Map(tools.map(({ name, inputSchema }) => [name, inputSchema]));
    return {
      policyFindings: [],
      findings: expectations.flatMap((one, at) => adviseOn(one, at, { policy: compiled.policy, schemas })),
      results: expectations.map((one) => tryOne(compiled.policy, one, { schema: schemas.get(one.tool), nowMs })),
    };
  };
}

/** A name that nobody has is denied whatever the policy says: an expectation of it would never fail. */
function adviseOn(
  { agent, tool, args, line, column }: Expectation,
  at: number,
  { policy, schemas }: { readonly policy: Policy; readonly schemas: ReadonlyMap<string, JsonObject> },
): readonly PolicyFinding[] {
  const found: PolicyFinding[] = [];
  if (!policy.agents.has(agent)) {
    const near = nearest(agent, [...policy.agents.keys()]);
    const remedy = near === undefined ? 'name an agent of the policy' : `did you mean ${JSON.stringify(near)}?`;
    const message = `the policy names no agent ${JSON.stringify(agent)}`;
    found.push({ severity: 'error', line, column, pointer: `/${at}/agent`, message, remedy });
  }
  if (!schemas.has(tool) && Object.keys(args).length > 0) {
    const message = `no tool of today is called ${tool}: its numbers are taken for doubles`;
    const remedy = 'name the directory of its plugin with --plugins';
    found.push({ severity: 'warning', line, column, pointer: `/${at}/tool`, message, remedy });
  }
  return found;
}

type Asked = { readonly schema: JsonObject | undefined; readonly nowMs: number };

function tryOne(policy: Policy, expectation: Expectation, { schema, nowMs }: Asked): TestedExpectation {
  const { agent, tool, args, atMs, session, expect, rule } = expectation;
  const decision = decide(policy, NO_POLICY, {
    ...{ agent: agent as AgentName, args, nowMs: atMs ?? nowMs },
    tool: { name: tool, ...(schema === undefined ? {} : { inputSchema: schema }) },
    ...(session === undefined ? {} : { session }),
  });
  return {
    ...expectation,
    isMet: decision.kind === expect && (rule === undefined || rule === decision.rule),
    ...{ decision: decision.kind, decidedBy: decision.rule, reason: decision.reason },
    ...(decision.kind === 'allow' ? {} : { remedy: decision.remedy }),
  };
}
