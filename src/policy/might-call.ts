// Whether an agent might ever make calls of a tool: for who must not be taken for one who can't because of the time of day. Pure.

import { covers, isBeforeExpiry } from './rule-match.ts';
import type { DenyRule, Policy } from './rules.ts';

/**
 * Whether some call of the tool may be let through at some time to come: neither hours nor conditions nor what was seen are asked. What is
 * over is over.
 */
export function mightCall(policy: Policy, agent: string, toolName: string, nowMs: number): boolean {
  const rules = policy.agents.get(agent);
  if (rules === undefined) return false;
  const isDenied = rules.denies.some((list) => list.some((rule) => isForEver(rule) && covers(rule, toolName)));
  if (isDenied) return false;
  return rules.grants.some((list) => list.some((rule) => covers(rule, toolName) && isBeforeExpiry(rule, nowMs)));
}

/** It denies every call, at all times. */
const isForEver = ({ when, sink, after, hours, expiresMs }: DenyRule): boolean =>
  [when, sink, after, hours, expiresMs].every((part) => part === undefined);
