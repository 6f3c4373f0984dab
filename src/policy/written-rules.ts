// Keeps rules in shadow apart from those that decide, from when a policy is made ready: nothing that decides, shows or counts
// meets them. Pure. Called by the compiler.

import type { DenyRule, GrantRule, RuleSet } from './rules.ts';

type RuleList = readonly (GrantRule & DenyRule)[];

/** Lists with rules in shadow as they are written, by the list of those that decide. Lists are shared between agents. */
export type WrittenLists = Map<readonly unknown[], RuleList>;

/** The rules of one list that decide; where that is not all of them the whole list is kept. */
export function rulesThatDecide(list: RuleList, written: WrittenLists): RuleList {
  if (list.every(({ isShadow }) => isShadow !== true)) return list;
  const deciding = list.filter(({ isShadow }) => isShadow !== true);
  written.set(deciding, list);
  return deciding;
}

/** What an agent is asked by: lists that are not empty, and all that is written where a rule of it is in shadow. */
export function decidingRules(
  { denies, grants }: RuleSet,
  written: WrittenLists,
): RuleSet & { readonly written?: RuleSet } {
  const isThere = (list: readonly unknown[]) => list.length > 0;
  const deciding = { denies: denies.filter(isThere), grants: grants.filter(isThere) };
  if (![...denies, ...grants].some((list) => written.has(list))) return deciding;
  const whole = <List extends readonly unknown[]>(list: List): List => (written.get(list) as List | undefined) ?? list;
  return {
    ...deciding,
    written: { denies: denies.map(whole).filter(isThere), grants: grants.map(whole).filter(isThere) },
  };
}
