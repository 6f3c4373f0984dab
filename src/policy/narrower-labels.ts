// Whether rules about labels stop at least as much as others. Pure. Sure of a yes only. A label that is carried more often stops more,
// but for whoever asks for it: a grant that requires it, a condition that looks at `labels`.

import { canonicalJson } from '#base/canonical-json.ts';
import { walkCel } from '#base/cel-tree.ts';
import type { JsonObject } from '#base/json.ts';
import type { StepMeter } from '#base/step-meter.ts';
import type { Capabilities } from '#domain/capability.ts';
import { leavesThisMachine } from '#domain/labels.ts';
import { coversPattern, type ToolPattern } from './match.ts';
import type { AgentRules, DenyRule, GrantRule, LabelRule, Policy, Rule } from './rules.ts';

/** Whether what the rule says of labels holds whenever what all of the others say does. */
export function isSeenWith(rule: GrantRule & DenyRule, others: readonly (GrantRule & DenyRule)[]): boolean {
  const { session, sink, after = [] } = rule;
  const of = (names: (other: GrantRule & DenyRule) => readonly string[] | undefined) =>
    new Set(others.flatMap((other) => names(other) ?? []));
  const isWithin = (mine: readonly string[] = [], theirs: ReadonlySet<string>) =>
    mine.every((name) => theirs.has(name));
  return (
    (sink === undefined || others.some((other) => other.sink === sink)) &&
    isWithin(
      after,
      of((other) => other.after),
    ) &&
    isWithin(
      session?.forbid,
      of((other) => other.session?.forbid),
    ) &&
    isWithin(
      session?.require,
      of((other) => other.session?.require),
    )
  );
}

/** Sentences on what tools carry less, or agents share less of, than before. */
export function labelWidenings(before: Policy, after: Policy, meter: StepMeter): readonly string[] {
  const lost = (before.labels ?? []).filter((rule) => !isKept(rule, after.labels ?? [], meter));
  const apart = [...after.agents].filter(
    ([name, { hasSeparateSessions }]) => hasSeparateSessions === true && !before.agents.get(name)?.hasSeparateSessions,
  );
  return [
    ...lost.map(({ pointer }) => `labels: what tools carry or send to by the rule ${pointer} is gone, or less`),
    ...apart.map(([name]) => `agent ${name}: its sessions are separate: one has not seen what another has`),
    ...askedFor(before, after, meter),
  ];
}

/** Labels that come by other ways than before, where somebody asks for labels. */
function askedFor(before: Policy, after: Policy, meter: StepMeter): readonly string[] {
  const added = (after.labels ?? []).some((rule) => !isKept(rule, before.labels ?? [], meter));
  const joined = [...after.agents].some(
    ([name, { hasSeparateSessions }]) => before.agents.get(name)?.hasSeparateSessions === true && !hasSeparateSessions,
  );
  if (!added && !joined) return [];
  const lists = new Set([...after.agents.values(), ...(after.roles?.values() ?? [])].flatMap(listsOf));
  const asks = [...lists].flat().some((rule) => {
    meter.spend(1);
    return ('session' in rule && (rule.session?.require.length ?? 0) > 0) || looksAtLabels(rule);
  });
  return asks ? ['labels: they come by other ways than before, and a rule asks for some'] : [];
}

/**
 * Whether each tool keeps a request that leaves this machine where it had one: labels and sinks follow from these. As `narrow` takes
 * them: undefined, all.
 */
export function reachesAsFar(now: Capabilities | undefined, before: Capabilities | undefined): boolean {
  if (now === undefined) return true;
  if (before === undefined) return false;
  const left = new Set((now.net ?? []).map((entry) => canonicalJson(entry as JsonObject)));
  return (before.net ?? []).every((entry) => !leavesThisMachine(entry) || left.has(canonicalJson(entry as JsonObject)));
}

/** Whether a rule, also one in shadow, stops calls by what was seen or where they send. */
export function stopsByLabels({ agents, roles }: Policy, meter: StepMeter): boolean {
  const lists = new Set([...agents.values(), ...(roles?.values() ?? [])].flatMap(listsOf));
  return [...lists].flat().some((rule: GrantRule & DenyRule) => {
    meter.spend(1);
    const { sink, after, session } = rule;
    return sink !== undefined || after !== undefined || (session?.forbid.length ?? 0) > 0 || looksAtLabels(rule);
  });
}

const listsOf = (rules: AgentRules): readonly (readonly (GrantRule | DenyRule)[])[] => {
  const { denies, grants } = rules.written ?? rules;
  return [...denies, ...grants];
};

const looksAtLabels = ({ when }: Rule): boolean =>
  when?.source.includes('labels') === true &&
  [...walkCel(when.tree)].some((node) => node.kind === 'name' && node.name === 'labels');

/** Whether each tool of the rule carries and sends to at least what it says. */
function isKept({ tools, carries, sink }: LabelRule, others: readonly LabelRule[], meter: StepMeter): boolean {
  const says = (pattern: ToolPattern, what: (other: LabelRule) => boolean): boolean =>
    others.some((other) => {
      meter.spend(other.tools.length);
      return what(other) && other.tools.some((outer) => coversPattern(outer, pattern));
    });
  return tools.every(
    (pattern) =>
      carries.every((label) => says(pattern, (other) => other.carries.includes(label))) &&
      (sink === undefined || says(pattern, (other) => other.sink === sink)),
  );
}
