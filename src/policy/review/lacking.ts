// Calls that another policy would allow, and with less than they used. Pure. Trust: what was granted and used is as it was recorded.

import { canonicalJson } from '#base/canonical-json.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { type Capabilities, type CapabilityKind, kindsOf } from '#domain/capability.ts';
import type { Decision } from '#domain/decision.ts';
import { narrow } from '#domain/narrow.ts';
import type { LackingCalls } from '#domain/policy-review.ts';
import type { RecordedDecision } from './recorded.ts';
import { usedCapabilities } from './used-capabilities.ts';

/**
 * Kinds of which the decision leaves less than the call used; `[]` where it leaves enough, or the record tells no capabilities. A
 * store that is smaller counts as less, whether or not it was full.
 */
export function lackingKinds(
  { capabilities: recorded }: RecordedDecision,
  decision: Decision,
): readonly CapabilityKind[] {
  if (decision.kind === 'deny' || decision.capabilities === undefined || recorded === undefined) return [];
  const used = usedCapabilities(recorded) as Capabilities;
  const left = narrow(used, decision.capabilities);
  return kindsOf(used).filter((kind) => {
    const kept = new Set(entriesOf(left[kind] as Json | undefined).map((entry) => meaningOf(kind, entry)));
    return !entriesOf(used[kind] as Json | undefined).every((entry) => kept.has(meaningOf(kind, entry)));
  });
}

const entriesOf = (value: Json | undefined): readonly Json[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as Json];

/** A store of which nothing is said can be written. */
function meaningOf(kind: CapabilityKind, entry: Json): string {
  return canonicalJson(kind === 'store' ? { access: 'write', ...(entry as JsonObject) } : entry);
}

export type LackingBook = {
  readonly add: (recorded: RecordedDecision, decision: Decision) => void;
  readonly addAll: (more: readonly LackingCalls[]) => void;
  /** The most frequent first, at most `LIMITS.policyReviewRowsMax`. */
  readonly told: () => readonly LackingCalls[];
};

export function createLackingBook(): LackingBook {
  const found = new Map<string, LackingCalls>();
  const addOne = (one: LackingCalls) => {
    const key = JSON.stringify([one.agent, one.tool, one.rule, one.lacks]);
    const known = found.get(key);
    if (known === undefined && found.size >= LIMITS.policyReviewRowsMax) return;
    found.set(key, known === undefined ? one : { ...known, calls: known.calls + one.calls });
  };
  return {
    add: (recorded, decision) => {
      const lacks = lackingKinds(recorded, decision);
      if (lacks.length === 0) return;
      const { agent, tool, invocation } = recorded;
      addOne({ agent, tool, invocation, rule: decision.rule, lacks, calls: 1 });
    },
    addAll: (more) => {
      for (const one of more) addOne(one);
    },
    told: () => [...found.values()].sort((a, b) => b.calls - a.calls),
  };
}
