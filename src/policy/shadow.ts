// Rules in shadow: they never decide, and what each would have decided, had it alone been one that does, is told beside the decision.
// Pure. Trust: as in decide.ts.

import type { ConditionInput } from '#base/condition.ts';
import { LIMITS } from '#base/limits.ts';
import type { Decision, DecisionQuery, ShadowDecision } from '#domain/decision.ts';
import { labelsGiven } from '#domain/labels.ts';
import { deniedAfter, labelFacts, unmetTerms } from './labels.ts';
import { covers, inputOf, isAtRest, isInForce } from './rule-match.ts';
import type { Policy } from './rules.ts';

/**
 * In the order in which they would be asked, at most `LIMITS.shadowRulesToldMax`; `[]` where no rule in shadow would have come to
 * decide. Their conditions have steps of their own: they take none from those of the rules that decide.
 *
 * @param decision what the rules that decide say of the query.
 */
export function shadowsOf(
  policy: Policy,
  query: DecisionQuery,
  decision: Decision,
  watch: (input: ConditionInput) => ConditionInput = (input) => input,
): readonly ShadowDecision[] {
  const rules = policy.agents.get(query.agent);
  const written = rules?.written;
  if (rules === undefined || written === undefined) return [];
  const { tool, nowMs } = query;
  // Of a call that is denied it is not known which grant would decide: all that its tool asks counts.
  const left = decision.kind === 'deny' ? tool : labelsGiven(tool, decision.capabilities);
  const labels = labelFacts(policy, rules, { ...query, tool: left });
  const input = watch(inputOf(query, labels));
  const found: ShadowDecision[] = [];
  for (const rule of written.denies.flat()) {
    // What comes after the rule that denies is asked no more.
    if (rule.name === decision.rule && !rule.isShadow) return bounded(found);
    if (!rule.isShadow || !covers(rule, tool.name) || isAtRest(rule, nowMs)) continue;
    if (deniedAfter(rule, labels) === undefined) continue;
    if (rule.when?.evaluate(input).kind !== 'false') found.push({ rule: rule.name, decision: 'deny' });
  }
  for (const rule of written.grants.flat()) {
    if (rule.name === decision.rule && !rule.isShadow) break;
    if (!rule.isShadow || !covers(rule, tool.name) || !isInForce(rule, nowMs)) continue;
    if (unmetTerms(rule, labels) !== undefined) continue;
    const outcome = rule.when?.evaluate(input);
    if (outcome !== undefined && outcome.kind !== 'true') continue;
    found.push({ rule: rule.name, decision: rule.approval === undefined ? 'allow' : 'ask' });
  }
  return bounded(found);
}

/**
 * The decision, and beside it what rules in shadow would have said.
 *
 * @param byRules asks again without limits: one that has no room says nothing of the rules.
 */
export function withShadows(
  policy: Policy,
  query: DecisionQuery,
  decision: Decision,
  byRules: () => Decision = () => decision,
): Decision {
  if (policy.agents.get(query.agent)?.written === undefined) return decision;
  const isByLimit = decision.kind === 'deny' && decision.exceeded !== undefined;
  const shadow = shadowsOf(policy, query, isByLimit ? byRules() : decision);
  return shadow.length === 0 ? decision : { ...decision, shadow };
}

const bounded = (found: readonly ShadowDecision[]): readonly ShadowDecision[] =>
  found.slice(0, LIMITS.shadowRulesToldMax);
