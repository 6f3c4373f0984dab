// Policies and questions for the tests of this folder.

import type { JsonObject } from '#base/json.ts';
import { parseAgentName } from '#domain/agent.ts';
import type { Decision, DecisionQuery, PolicyRef } from '#domain/decision.ts';
import { decide } from '#policy/decide.ts';
import { createPolicyParser } from '#policy/document.ts';
import type { Policy } from '#policy/rules.ts';

export const NOW_MS = Date.parse('2026-11-22T10:00:00Z');
export const REF: PolicyRef = { version: 1, digest: 'sha256:00' };

const parse = createPolicyParser();

/** The policy of a text or of JSON, which is YAML too. */
export function policyOf(written: string | object): Policy {
  const { compiled, findings } = parse(typeof written === 'string' ? written : JSON.stringify(written));
  if (compiled === undefined) throw new Error(JSON.stringify(findings[0]));
  return compiled.policy;
}

export function agentName(name: string) {
  const parsed = parseAgentName(name);
  if (parsed === undefined) throw new Error(`${name} is no agent's name`);
  return parsed;
}

export function question(tool: string, args: JsonObject = {}, more: Partial<DecisionQuery> = {}): DecisionQuery {
  return { agent: agentName('athena'), tool: { name: tool }, args, nowMs: NOW_MS, ...more };
}

export function ask(policy: Policy, tool: string, args: JsonObject = {}, more: Partial<DecisionQuery> = {}): Decision {
  return decide(policy, REF, question(tool, args, more));
}
