// Whether a rule concerns a call: its patterns, its time, what its condition sees. Pure.

import { type ConditionInput, createConditionInput } from '#base/condition.ts';
import type { DecisionQuery } from '#domain/decision.ts';
import { namesOf } from '#domain/labels.ts';
import type { LabelFacts } from './labels.ts';
import type { Rule } from './rules.ts';

/** Whether one of its patterns matches the name. */
export const covers = (rule: Rule, toolName: string): boolean =>
  rule.tools.some((pattern) => pattern.matches(toolName));

/** Two questions, so that a time that is no number lets no grant live and no deny die. */
export const isInForce = (rule: Rule, nowMs: number): boolean =>
  isBeforeExpiry(rule, nowMs) && (rule.hours === undefined || rule.hours.at(nowMs) === 'open');
/** Over, or outside of its hours. */
export const isAtRest = (rule: Rule, nowMs: number): boolean =>
  isOver(rule, nowMs) || rule.hours?.at(nowMs) === 'closed';
export const isBeforeExpiry = (rule: Rule, nowMs: number): boolean =>
  rule.expiresMs === undefined || nowMs < rule.expiresMs;
const isOver = (rule: Rule, nowMs: number): boolean => rule.expiresMs !== undefined && nowMs >= rule.expiresMs;

/** What conditions see of a query, with steps of its own. */
export function inputOf(query: DecisionQuery, { seen }: Pick<LabelFacts, 'seen'>): ConditionInput {
  const { args, agent, nowMs, tool, session } = query;
  return createConditionInput({
    args,
    agent,
    nowMs,
    tool: tool.name,
    ...(tool.inputSchema === undefined ? {} : { schema: tool.inputSchema }),
    ...(session === undefined ? {} : { session }),
    ...(seen.length === 0 ? {} : { labels: namesOf(seen) }),
  });
}
