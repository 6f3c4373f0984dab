// What the policy has to do with labels: which ones count for an agent, what tools carry and send to, and whether a rule's terms are
// met. Pure. Called by decide.ts.

import { rfc3339 } from '#base/clock.ts';
import { visibleText } from '#base/visible.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { DecidedLabels, DecisionQuery } from '#domain/decision.ts';
import { NOTHING_SEEN } from '#domain/label-ports.ts';
import { leavesSome, type Outward, type SeenLabel, union, withoutOutward } from '#domain/labels.ts';
import type { AgentRules, DenyRule, GrantRule, LabelRule, Policy } from './rules.ts';

/** What rules are asked with. */
export type LabelFacts = DecidedLabels & {
  readonly sinks: readonly string[];
  /** Rules about labels match whatever was seen. */
  readonly areIgnored: boolean;
};

export function labelFacts({ labels }: Policy, rules: AgentRules, query: DecisionQuery): LabelFacts {
  const { agent, session } = query.labels ?? NOTHING_SEEN;
  const { name } = query.tool;
  const added = labelRulesOf(labels, name);
  const { labels: known = [], sinks = [] } = query.tool;
  return {
    seen: rules.hasSeparateSessions ? session : agent,
    carries: added.length === 0 ? known : union(known, ...added.map(({ carries }) => carries)),
    sinks: added.length === 0 ? sinks : union(sinks, added.flatMap(sinkOf)),
    areIgnored: query.ignoresLabels === true,
  };
}

/**
 * What counts where this grant decides: what follows from requests out of this machine only does where it leaves one of them. The
 * same object where it takes nothing away.
 */
export function factsUnder(facts: LabelFacts, { policy, rules, query, grant }: GrantedCall): LabelFacts {
  const { outward } = query.tool;
  if (outward === undefined || grant.reaches?.(outward) !== false) return facts;
  return labelFacts(policy, rules, { ...query, tool: withoutOutward(query.tool) });
}

export type GrantedCall = {
  readonly policy: Policy;
  readonly rules: AgentRules;
  readonly query: DecisionQuery;
  readonly grant: GrantRule;
};

/** For `GrantRule.reaches`. Asked once for each tool that is served. */
export function createReach(capabilities: Capabilities): (outward: Outward) => boolean {
  const known = new WeakMap<Outward, boolean>();
  return (outward) => {
    const isLeft = known.get(outward) ?? leavesSome(outward, capabilities);
    known.set(outward, isLeft);
    return isLeft;
  };
}

const labelRulesOf = (labels: Policy['labels'], toolName: string): readonly LabelRule[] =>
  (labels ?? []).filter((rule) => rule.tools.some((pattern) => pattern.matches(toolName)));

/** What a tool sends to, by itself and by the policy; undefined where nothing is known of the tool. */
export function sinksOf({ labels }: Policy, { name, sinks }: DecisionQuery['tool']): readonly string[] | undefined {
  return sinks === undefined ? undefined : union(sinks, labelRulesOf(labels, name).flatMap(sinkOf));
}

const sinkOf = ({ sink }: LabelRule): readonly string[] => (sink === undefined ? [] : [sink]);

/** The part of a decision; undefined where there is nothing to say. */
export function decidedLabels({ seen, carries }: LabelFacts): { readonly labels?: DecidedLabels } {
  return seen.length === 0 && carries.length === 0 ? {} : { labels: { seen, carries } };
}

/** What was seen of that after which the deny denies; undefined where it does not. `[]`: it denies whatever was seen. */
export function deniedAfter(
  { sink, after }: DenyRule,
  { seen, sinks, areIgnored }: LabelFacts,
): readonly SeenLabel[] | undefined {
  if (sink !== undefined && !sinks.includes(sink)) return undefined;
  if (after === undefined) return [];
  if (areIgnored) return undefined;
  const found = seen.filter(({ label }) => after.includes(label));
  return found.length === after.length ? found : undefined;
}

/** Why the grant's terms are not met; undefined where they are. */
export function unmetTerms(
  { session }: GrantRule,
  { seen, areIgnored }: LabelFacts,
): { readonly forbidden: readonly SeenLabel[]; readonly missing: readonly string[] } | undefined {
  if (session === undefined || areIgnored) return undefined;
  const forbidden = seen.filter(({ label }) => session.forbid.includes(label));
  const missing = session.require.filter((label) => !seen.some((one) => one.label === label));
  return forbidden.length === 0 && missing.length === 0 ? undefined : { forbidden, missing };
}

/** What a rule says of labels and sinks, as a condition is written; undefined where it says nothing. */
export function labelCondition({ session, sink, after = [] }: GrantRule & DenyRule): string | undefined {
  const has = (label: string) => `${JSON.stringify(label)} in labels`;
  const parts = [
    ...(sink === undefined ? [] : [`(the tool sends to ${sink})`]),
    ...[...after, ...(session?.require ?? [])].map(has),
    ...(session?.forbid ?? []).map((label) => `!(${has(label)})`),
  ];
  return parts.length === 0 ? undefined : parts.join(' && ');
}

/** `private (notes__read, call 0190…, 2026-11-30T12:00:00.000Z)`, for each. */
export function describeSeen(seen: readonly SeenLabel[]): string {
  return seen.map(describeOne).join(' and ');
}

function describeOne({ label, invocation, tool, sinceMs, from }: SeenLabel): string {
  // Of what is only supposed, in a test of the policy, or was recorded, no call is known.
  if (invocation === '') return label;
  const read = from === undefined ? '' : ` of ${visibleText(from, FROM_LENGTH_MAX)}`;
  return `${label} (from ${tool}${read}, call ${invocation}, ${rfc3339(sinceMs)})`;
}

const FROM_LENGTH_MAX = 256;

/** What a person does about it. */
export const clearingRemedy = (agent: string): string =>
  `once nothing of it is left in the agent's context, a person clears it with: smcp labels clear --agent ${agent} --why REASON`;
