// Which rules in force decided nothing, put together from what the thread found in the log and in earlier versions of the policy.
// Called by review.ts.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { PolicyAdmin, PolicyVersionView } from '#domain/policy-ports.ts';
import type { LogSpan, UnusedRule, UnusedRules } from '#domain/policy-review.ts';
import { DEFAULT_DENY } from '#policy/decide.ts';
import type { Matched } from './review-work.ts';
import type { IdentifiedRule } from './rule-identity.ts';
import type { Tally } from './tally.ts';

export type VersionMatcher = (earlier: string, names: readonly string[]) => Promise<Matched>;

export type UnusedPorts = {
  readonly policy: Pick<PolicyAdmin, 'history' | 'version'>;
  readonly clock: Clock;
  /** Compares an earlier text with the rules in force. */
  readonly match: VersionMatcher;
};

/** Tallies by version, added up over pages. */
export type TallyBook = {
  /** False when there is no room for more rules. */
  readonly add: (tallies: readonly Tally[]) => boolean;
  readonly versions: () => ReadonlyMap<number, readonly Tally[]>;
};

export function createTallyBook(): TallyBook {
  const known = new Map<string, Tally>();
  return {
    add: (tallies) => {
      for (const one of tallies) {
        const key = `${one.version} ${one.digest} ${one.rule}`;
        known.set(key, { ...one, count: one.count + (known.get(key)?.count ?? 0) });
      }
      return known.size <= LIMITS.policyReviewTalliesMax;
    },
    versions: () => Map.groupBy(known.values(), ({ version }) => version),
  };
}

/** What the log told: how far back, and which rule of which version decided how often. */
export type ReadTallies = { readonly span: LogSpan; readonly versions: ReadonlyMap<number, readonly Tally[]> };

/** @param rules those in force, in their order. */
export async function unusedRules(
  { policy, clock, match }: UnusedPorts,
  rules: readonly IdentifiedRule[],
  { span, versions }: ReadTallies,
): Promise<Omit<UnusedRules, 'policy'>> {
  const book = createRuleBook(rules, span);
  const endMs = clock.monotonicMs() + LIMITS.policyReviewMsMax;
  for (const { version, appliedMs, isInSpan, tallies } of looksAt(policy.history(), span, versions)) {
    if (clock.monotonicMs() > endMs) break;
    const { text } = policy.version(version);
    const { isThere, places } = await match(
      text,
      tallies.map(({ rule }) => rule),
    );
    book.count(tallies, places);
    if (isInSpan) book.stood(isThere, appliedMs);
  }
  const byRules = [...versions.values()].flat().filter(isByRule);
  const all = byRules.reduce((sum, { count }) => sum + count, 0);
  return { span, rules: rules.length, ...book.told(all) };
}

/** `default-deny` is no rule. */
const isByRule = ({ rule }: Tally): boolean => rule !== DEFAULT_DENY;

type Look = {
  readonly version: number;
  readonly appliedMs: number;
  /** Whether it was in force at some time of the span. */
  readonly isInSpan: boolean;
  readonly tallies: readonly Tally[];
};

/** Versions that tell something, newest first. A text that is not the one that decided tells nothing. */
function looksAt(
  history: readonly PolicyVersionView[],
  span: LogSpan,
  versions: ReadTallies['versions'],
): readonly Look[] {
  return history
    .map(({ version, digest, appliedMs }, at) => ({
      ...{ version, appliedMs },
      isInSpan: (history[at - 1]?.appliedMs ?? span.toMs) >= span.fromMs,
      tallies: versions.get(version)?.filter((one) => one.digest === digest && isByRule(one)) ?? [],
    }))
    .filter(({ isInSpan, tallies }) => isInSpan || tallies.length > 0)
    .slice(0, LIMITS.policyReviewVersionsMax);
}

/** What is found of the rules in force. */
function createRuleBook(rules: readonly IdentifiedRule[], span: LogSpan) {
  const decided = rules.map(() => 0);
  const since = rules.map(() => span.toMs);
  const isUnbroken = rules.map(() => true);
  let byFormerRules = 0;
  return {
    count: (tallies: readonly Tally[], places: Matched['places']) => {
      for (const [at, { count }] of tallies.entries()) {
        const place = places[at];
        if (place === -1) byFormerRules += count;
        else if (typeof place === 'number') decided[place] = (decided[place] ?? 0) + count;
      }
    },
    /** Called for one version after the other, the newest first. */
    stood: (isThere: readonly boolean[], appliedMs: number) => {
      for (const at of rules.keys()) {
        if (isThere[at] !== true) isUnbroken[at] = false;
        if (isUnbroken[at] === true) since[at] = Math.max(appliedMs, span.fromMs);
      }
    },
    told: (all: number): Pick<UnusedRules, 'unused' | 'shadows' | 'byFormerRules' | 'byUnknownRules'> => ({
      unused: rules.flatMap(({ identity: _, ...rule }, at): readonly UnusedRule[] =>
        decided[at] === 0 ? [{ ...rule, sinceMs: since[at] ?? span.fromMs }] : [],
      ),
      shadows: rules.flatMap(({ identity: _, ...rule }, at) => {
        const calls = decided[at] ?? 0;
        return rule.isShadow && calls > 0 ? [{ ...rule, calls }] : [];
      }),
      byFormerRules,
      byUnknownRules: all - byFormerRules - decided.reduce((sum, count) => sum + count, 0),
    }),
  };
}
