// Why a grant that covers the tool does not match the call. Pure. Called by decide.ts.

import { rfc3339 } from '#base/clock.ts';
import type { ConditionInput } from '#base/condition.ts';
import type { DecisionQuery } from '#domain/decision.ts';
import type { SeenLabel } from '#domain/labels.ts';
import { describeClosed } from './hours.ts';
import { clearingRemedy, describeSeen, type LabelFacts, unmetTerms } from './labels.ts';
import { isBeforeExpiry } from './rule-match.ts';
import type { GrantRule } from './rules.ts';

/** A grant that covers the tool and yet does not match: what a person would look at first. */
export type NearMiss = {
  readonly rule: GrantRule;
  readonly reason: string;
  readonly remedy: string;
  /** What was seen that it forbids. */
  readonly forbidden?: readonly SeenLabel[];
};

/** What a grant is asked with. */
export type GrantQuestion = {
  readonly query: Pick<DecisionQuery, 'agent' | 'nowMs'>;
  readonly input: ConditionInput;
  readonly labels: LabelFacts;
};

/** Undefined when the grant matches. */
export function missOf(
  rule: GrantRule,
  { query: { agent, nowMs }, input, labels }: GrantQuestion,
): NearMiss | undefined {
  if (!isBeforeExpiry(rule, nowMs)) {
    return {
      rule,
      reason: `expired on ${rfc3339(rule.expiresMs ?? 0)}`,
      remedy: `have a person set a later expires at ${rule.pointer} in the policy`,
    };
  }
  if (rule.hours !== undefined && rule.hours.at(nowMs) !== 'open') {
    return {
      rule,
      reason: describeClosed(rule.hours, nowMs),
      remedy: `call at a time within them, or have a person change the hours at ${rule.pointer} in the policy`,
    };
  }
  const unmet = unmetTerms(rule, labels);
  if (unmet !== undefined) return missOfTerms(rule, agent, unmet);
  const outcome = rule.when?.evaluate(input);
  if (outcome === undefined || outcome.kind === 'true') return undefined;
  const change = `have a person change its when at ${rule.pointer} in the policy`;
  if (outcome.kind === 'false') {
    return {
      rule,
      reason: 'has a condition that is not true for this call',
      remedy: `call with arguments that meet the condition of ${rule.name}, or ${change}`,
    };
  }
  return {
    rule,
    reason: `has a condition that could not be evaluated for this call: ${cut(outcome.message)}`,
    remedy: `give the arguments that the condition of ${rule.name} looks at, or ${change}`,
  };
}

function missOfTerms(
  rule: GrantRule,
  agent: string,
  { forbidden, missing }: NonNullable<ReturnType<typeof unmetTerms>>,
): NearMiss {
  if (forbidden.length > 0) {
    return {
      ...{ rule, forbidden, reason: `does not hold once the agent has seen ${describeSeen(forbidden)}` },
      remedy: clearingRemedy(agent),
    };
  }
  return {
    rule,
    reason: `holds only once the agent has seen ${missing.join(' and ')}`,
    remedy: `call a tool first whose results carry it, or have a person change session at ${rule.pointer} in the policy`,
  };
}

const MESSAGE_LENGTH_MAX = 200;
export const cut = (message: string): string => message.slice(0, MESSAGE_LENGTH_MAX);
