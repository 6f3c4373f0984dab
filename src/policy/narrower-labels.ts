// Whether rules about labels stop at least as much as others. Pure. Sure of a yes only. A label that is carried more often stops more,
// but for whoever asks for it: a grant that requires it, a condition that looks at `labels`.

import { walkCel } from '#base/cel-tree.ts';
import type { StepMeter } from '#base/step-meter.ts';
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
