// Adds up what an agent was found to need: in the thread for a page, and on the host over pages. Pure.

import { LIMITS } from '#base/limits.ts';
import { bothCapabilities, type UsedCapabilities } from './used-capabilities.ts';

type Seen = { readonly tool: string; readonly calls: number; readonly lastMs: number };

/** A tool that is needed. */
export type Need = Seen & {
  /** Of the grant in force that gives it; '' where none does. */
  readonly pointer: string;
  readonly because: 'allowed' | 'denied';
  /** What was used; `all`: more than a policy has room for; absent: no call told. */
  readonly capabilities?: UsedCapabilities | 'all';
};

/** A tool that was asked for, and why it is not suggested. `rule` '': none stands against it. */
export type Refusal = Seen & { readonly rule: string; readonly reason: string };

export type Found = { readonly need: Need } | { readonly refusal: Refusal } | 'unknown';

export type Needs = {
  readonly needs: readonly Need[];
  readonly refusals: readonly Refusal[];
  readonly unknown: number;
};

export type NeedBook = {
  readonly add: (found: Found) => void;
  readonly addAll: (needs: Needs) => void;
  readonly told: () => Needs;
};

/** Names that are not suggested are an agent's own words: past a bound they are told together, under the name ''. */
export function createNeedBook(): NeedBook {
  const needs = new Map<string, Need>();
  const refusals = new Map<string, Refusal>();
  let unknown = 0;
  const addNeed = (need: Need) => {
    const key = JSON.stringify([need.tool, need.pointer, need.because]);
    const known = needs.get(key);
    needs.set(key, known === undefined ? need : { ...summed(known, need), ...merged(known, need) });
  };
  const addRefusal = (refusal: Refusal) => {
    const key = JSON.stringify([refusal.tool, refusal.rule, refusal.reason]);
    const isRoom = refusals.has(key) || refusals.size < LIMITS.policySuggestionRefusalsMax;
    if (!isRoom && refusal.tool !== '') return addRefusal({ ...refusal, tool: '', rule: '' });
    const known = refusals.get(key);
    refusals.set(key, known === undefined ? refusal : summed(known, refusal));
  };
  const add = (found: Found) => {
    if (found === 'unknown') unknown += 1;
    else if ('need' in found) addNeed(found.need);
    else addRefusal(found.refusal);
  };
  return {
    add,
    addAll: (more) => {
      for (const need of more.needs) addNeed(need);
      for (const refusal of more.refusals) addRefusal(refusal);
      unknown += more.unknown;
    },
    told: () => ({ needs: [...needs.values()], refusals: [...refusals.values()], unknown }),
  };
}

function summed<T extends Seen>(one: T, other: T): T {
  return { ...one, calls: one.calls + other.calls, lastMs: Math.max(one.lastMs, other.lastMs) };
}

function merged({ capabilities: one }: Need, { capabilities: other }: Need): Pick<Need, 'capabilities'> {
  if (one === undefined || other === undefined) {
    const known = one ?? other;
    return known === undefined ? {} : { capabilities: known };
  }
  return { capabilities: one === 'all' || other === 'all' ? 'all' : (bothCapabilities(one, other) ?? 'all') };
}
