// Whether one policy gives nobody more than another one: what an agent's change of the policy must show. Pure. Sure of
// "narrower" only: what can't be compared counts as wider, so a person is asked once too often and never once too seldom.
//
// More means: a call that was denied is allowed, is allowed with more capabilities, a longer timeout, less approval or a larger or another
// limit, or finds other files, at any time. One difference is not counted: what was denied only because its conditions took too many steps
// (LIMITS.conditionStepsMax).

import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import { createStepBudget, createStepMeter, type StepMeter } from '#base/step-meter.ts';
import { asksAsMuch, meaningOfApproval } from './approval.ts';
import { coversHours } from './hours.ts';
import { coversPattern, mayOverlap, type ToolPattern } from './match.ts';
import { isWithin } from './narrower-capabilities.ts';
import { isSeenWith, labelWidenings, reachesAsFar, stopsByLabels } from './narrower-labels.ts';
import { describeLost, lostLimits, stopsAsMuch } from './narrower-limits.ts';
import { peopleWidenings } from './people.ts';
import type { AgentRules, DenyRule, GrantRule, Policy, Rule } from './rules.ts';
import { workspaceWidenings } from './workspaces.ts';

/**
 * Sentences on what `after` gives beyond `before`, at most `LIMITS.policyWideningsMax`; `[]` when it certainly gives nobody
 * more. The work is bounded by `LIMITS.policyComparisonStepsMax`; policies that take more count as wider.
 */
export function wideningsOf(before: Policy, after: Policy): readonly string[] {
  const found = [
    ...timeoutWidenings(before, after),
    ...loopWidenings(before, after),
    ...workspaceWidenings(before, after),
    ...peopleWidenings(before, after),
  ];
  const meter = createStepMeter();
  meter.use(createStepBudget(LIMITS.policyComparisonStepsMax));
  let isStopping: boolean | undefined;
  const stopping = (): boolean => {
    isStopping ??= stopsByLabels(before, meter);
    return isStopping;
  };
  const compareAgent = createAgentComparison(meter, stopping);
  try {
    found.push(...labelWidenings(before, after, meter));
    for (const [whom, rules, earlier] of comparedOf(before, after)) {
      if (found.length >= LIMITS.policyWideningsMax) break;
      const sentences = compareAgent(earlier ?? NOBODY, rules);
      for (const sentence of sentences) found.push(`${whom}: ${sentence}`);
      if (sentences.length > 0 || (rules.written ?? earlier?.written) === undefined) continue;
      for (const sentence of compareAgent(outOfShadow(earlier ?? NOBODY), outOfShadow(rules))) {
        found.push(`${whom}, once its rules in shadow decide: ${sentence}`);
      }
    }
  } catch (thrown) {
    if (!meter.isEmpty()) throw thrown;
    found.unshift('the two policies are too large to be compared');
  }
  return found.slice(0, LIMITS.policyWideningsMax);
}

const NOBODY: AgentRules = { denies: [], grants: [], limits: [] };

/** As if no rule were in shadow: what an agent lays there must not give more once a person has it decide. */
const outOfShadow = (rules: AgentRules): AgentRules => ({ ...rules, ...rules.written });

/** Agents, and what agents will have that a person adds or gives a role: who did not see it change would trust in it. */
function* comparedOf(
  before: Policy,
  after: Policy,
): Generator<readonly [whom: string, now: AgentRules, earlier: AgentRules | undefined]> {
  for (const [name, rules] of after.agents) yield [`agent ${name}`, rules, before.agents.get(name)];
  for (const [name, rules] of after.roles ?? []) {
    yield [name === '' ? 'every agent to come' : `role ${name}`, rules, before.roles?.get(name)];
  }
}

function timeoutWidenings({ timeoutMs: before }: Policy, { timeoutMs: after }: Policy): readonly string[] {
  if (before === undefined || (after !== undefined && after <= before)) return [];
  return [
    `defaults.timeout: calls may run ${after === undefined ? 'as long as their tool says' : `for ${after} ms`}, ${before} ms before`,
  ];
}

function loopWidenings({ loop: before }: Policy, { loop: after }: Policy): readonly string[] {
  if (stopsAsMuch(after, before)) return [];
  return ['defaults.loop: the same call may be made more often than before'];
}

type RuleLists = readonly (readonly (GrantRule | DenyRule)[])[];

/** Agents share the lists of their roles: each list is looked at once, and each pair of lists is compared once. */
function createAgentComparison(meter: StepMeter, stopsByLabels: Comparison['stopsByLabels']) {
  const meanings = new Map<unknown, string>();
  const compared = new Map<string, readonly string[]>();
  const numbers = new Map<unknown, number>();
  const meaningOf = (list: RuleLists[number]): string => {
    const meaning = meanings.get(list) ?? sha256(JSON.stringify(list.map(meaningOfRule)));
    meanings.set(list, meaning);
    return meaning;
  };
  const isSame = (one: RuleLists, other: RuleLists) =>
    one.length === other.length &&
    one.every((list, at) => list === other[at] || meaningOf(list) === meaningOf(other[at] ?? []));
  const numberOf = (list: RuleLists[number]) => {
    const number = numbers.get(list) ?? numbers.size;
    numbers.set(list, number);
    return number;
  };
  return (before: AgentRules, after: AgentRules): readonly string[] => {
    const areDeniesSame = isSame(before.denies, after.denies);
    const lost = before.limits === after.limits ? [] : lostLimits(before.limits.flat(), after.limits.flat(), meter);
    const losses = lost.slice(0, LIMITS.policyWideningsMax).map(describeLost);
    if (areDeniesSame && isSame(before.grants, after.grants)) return losses;
    const key = [before.denies, before.grants, after.denies, after.grants]
      .map((lists) => lists.map(numberOf))
      .join('|');
    const known = compared.get(key);
    if (known !== undefined) return [...losses, ...known];
    const rules = { before: flat(before), after: flat(after), meter, stopsByLabels };
    const found = [...(areDeniesSame ? [] : lostDenies(rules)), ...widerGrants(rules)].slice(
      0,
      LIMITS.policyWideningsMax,
    );
    compared.set(key, found);
    return [...losses, ...found];
  };
}

const meaningOfRule = ({ tools, when, hours, expiresMs, ...rest }: GrantRule | DenyRule) => [
  tools.map(({ source }) => source),
  when?.source ?? null,
  hours?.text ?? null,
  expiresMs ?? null,
  ('capabilities' in rest ? rest.capabilities : undefined) ?? null,
  ('limits' in rest ? rest.limits?.map(({ scope, max }) => [scope, max]) : undefined) ?? null,
  meaningOfApproval('approval' in rest ? rest.approval : undefined),
  ('session' in rest ? rest.session : undefined) ?? null,
  'sink' in rest || 'after' in rest ? [rest.sink ?? null, rest.after ?? null] : null,
];

type FlatRules = { readonly denies: readonly DenyRule[]; readonly grants: readonly GrantRule[] };

/** In the order in which they are asked. */
const flat = ({ denies, grants }: AgentRules): FlatRules => ({ denies: denies.flat(), grants: grants.flat() });

type Comparison = {
  readonly before: FlatRules;
  readonly after: FlatRules;
  readonly meter: StepMeter;
  /** Of the whole policy before, whoever the rules are for: what one agent writes another one reads. */
  readonly stopsByLabels: () => boolean;
};

/** Every deny must remain, also one that no grant meets today: a person may rely on it when they write the next grant. */
function lostDenies({ before, after, meter }: Comparison): readonly string[] {
  const lost: string[] = [];
  for (const deny of before.denies) {
    for (const pattern of deny.tools) {
      const isKept = after.denies.some(
        (other) =>
          isTrueWith(other, [deny]) &&
          isOpenWith(other, [deny]) &&
          lastsAsLongAs(other, expiryOf(deny)) &&
          covers(other, pattern, meter),
      );
      if (!isKept) lost.push(`${quoted(pattern)} is no longer denied as the rule ${deny.name} denied it`);
    }
  }
  return lost;
}

/** A grant that can't be reached today counts too: it is reached once the rule before it is taken out. */
function* widerGrants(comparison: Comparison): Generator<string> {
  for (const [at, grant] of comparison.after.grants.entries()) {
    const earlier = comparison.after.grants.slice(0, at);
    for (const pattern of grant.tools) {
      const what = widening({ grant, pattern, earlier }, comparison);
      if (what !== undefined) yield `the grant ${grant.name} gives ${quoted(pattern)} ${what}`;
    }
  }
}

/** One pattern of a grant of the new policy, and the grants that are asked before it. */
type Candidate = { readonly grant: GrantRule; readonly pattern: ToolPattern; readonly earlier: readonly GrantRule[] };

/**
 * Walks the old grants as a decision does. Until one is found that matched every call which the new grant now decides, each
 * that may have matched some of them must have given as much, unless such calls are decided by an earlier grant now.
 */
function widening(candidate: Candidate, comparison: Comparison): string | undefined {
  const { before, meter } = comparison;
  const { grant, pattern } = candidate;
  let nearest: string | undefined;
  for (const old of before.grants) {
    const overlap = overlapOf(old, pattern, meter);
    if (overlap.length === 0) continue;
    const more = moreThan(old, grant, comparison);
    if (more !== undefined) {
      const isDecidedBefore = overlap.every((part) => isCaught(part, old, candidate, meter));
      if (!isDecidedBefore) return `${more} than the grant ${old.name}, which may have decided before`;
    }
    if (!covers(old, pattern, meter)) continue;
    const shortfall = shortfallOf(old, grant);
    if (shortfall === undefined) return undefined;
    nearest ??= shortfall;
  }
  return nearest ?? 'which no grant surely gave before';
}

/** In what the old grant does not reach as far as the new one; undefined: in nothing. */
function shortfallOf(old: GrantRule, grant: GrantRule): string | undefined {
  if (!isSeenWith(old, [grant])) return `after other labels than the grant ${old.name}`;
  if (!isTrueWith(old, [grant])) {
    return `under another condition than the grant ${old.name} has (conditions are not compared)`;
  }
  if (!isOpenWith(old, [grant])) return `outside of the hours of the grant ${old.name}`;
  return lastsAsLongAs(old, expiryOf(grant)) ? undefined : `for longer than the grant ${old.name} did`;
}

/** Whether calls that both the old grant (by this pattern of it) and the new one match are decided by an earlier one now. */
function isCaught(
  part: ToolPattern,
  old: GrantRule,
  { grant, pattern, earlier }: Candidate,
  meter: StepMeter,
): boolean {
  const untilMs = Math.min(expiryOf(old), expiryOf(grant));
  return earlier.some(
    (rule) =>
      isTrueWith(rule, [old, grant]) &&
      isOpenWith(rule, [old, grant]) &&
      lastsAsLongAs(rule, untilMs) &&
      (covers(rule, pattern, meter) || covers(rule, part, meter)),
  );
}

const quoted = (pattern: ToolPattern): string => JSON.stringify(pattern.source);

const expiryOf = (rule: Rule): number => rule.expiresMs ?? Number.POSITIVE_INFINITY;

const lastsAsLongAs = (rule: Rule, untilMs: number): boolean => expiryOf(rule) >= untilMs;

/** Whether its condition, and what it says of labels, hold whenever those of the others do. Conditions are compared as texts. */
const isTrueWith = (rule: GrantRule & DenyRule, others: readonly (GrantRule & DenyRule)[]): boolean =>
  (rule.when === undefined || others.some(({ when }) => when?.source === rule.when?.source)) &&
  isSeenWith(rule, others);

/** Whether it is open whenever all of the others are. Hours of different zones are not compared. */
const isOpenWith = (rule: Rule, others: readonly Rule[]): boolean =>
  others.some(({ hours }) => coversHours(rule.hours, hours));

/** What one comparison of capabilities costs, beside one of patterns. */
const CAPABILITY_STEPS = 100;

/** What the new grant gives that the old one did not; undefined: nothing. */
function moreThan(old: GrantRule, grant: GrantRule, { meter, stopsByLabels }: Comparison): string | undefined {
  if (!asksAsMuch(old.approval, grant.approval)) return 'with less approval';
  if (lostLimits(old.limits ?? [], grant.limits ?? [], meter).length > 0) return 'larger limits, or others,';
  if (old.capabilities === undefined && grant.capabilities === undefined) return undefined;
  meter.spend(CAPABILITY_STEPS);
  if (!isWithin(grant.capabilities, old.capabilities)) return 'more capabilities';
  // Less can be more: what sends nothing out any more is not stopped by rules about that.
  return reachesAsFar(grant.capabilities, old.capabilities) || !stopsByLabels()
    ? undefined
    : 'fewer requests out of this machine, so that rules about labels and sinks stop less of it,';
}

function covers(rule: Rule, pattern: ToolPattern, meter: StepMeter): boolean {
  meter.spend(rule.tools.length);
  return rule.tools.some((outer) => coversPattern(outer, pattern));
}

function overlapOf(rule: Rule, pattern: ToolPattern, meter: StepMeter): readonly ToolPattern[] {
  meter.spend(rule.tools.length);
  return rule.tools.filter((other) => mayOverlap(other, pattern));
}
