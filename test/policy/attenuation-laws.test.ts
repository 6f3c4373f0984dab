import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStepBudget, createStepMeter } from '#base/step-meter.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { coversHours } from '#policy/hours.ts';
import { coversPattern } from '#policy/match.ts';
import { isWithin } from '#policy/narrower-capabilities.ts';
import { isSeenWith, labelWidenings } from '#policy/narrower-labels.ts';
import { stopsAsMuch } from '#policy/narrower-limits.ts';
import type { Policy, Rule } from '#policy/rules.ts';
import { callThatGetsMore } from './gets-more.ts';
import { policyOf } from './policies.ts';
import { policyDocument, policyPair } from './policy-pairs.ts';

/** Compares grants one by one and forgets that the first match decides, not the widest. */
function naiveSaysNarrower(before: Policy, after: Policy): boolean {
  const isInside = (inner: Rule, outer: Rule) =>
    inner.tools.every((pattern) => outer.tools.some((other) => coversPattern(other, pattern))) &&
    (outer.when === undefined || outer.when.source === inner.when?.source) &&
    isSeenWith(outer, [inner]) &&
    coversHours(outer.hours, inner.hours) &&
    (outer.expiresMs ?? Number.POSITIVE_INFINITY) >= (inner.expiresMs ?? Number.POSITIVE_INFINITY);
  const areLimitsKept = [...after.agents].every(([name, { limits }]) =>
    (before.agents.get(name)?.limits.flat() ?? []).every(({ scope, max }) =>
      limits.flat().some((other) => other.scope === scope && other.max <= max),
    ),
  );
  const meter = createStepMeter();
  meter.use(createStepBudget(1e6));
  if (labelWidenings(before, after, meter).length > 0) return false;
  if (!areLimitsKept || !stopsAsMuch(after.loop, before.loop)) return false;
  if (before.timeoutMs !== undefined && (after.timeoutMs ?? Number.POSITIVE_INFINITY) > before.timeoutMs) return false;
  return [...after.agents].every(([name, rules]) => {
    const old = before.agents.get(name);
    const areDeniesKept = (old?.denies.flat() ?? []).every((deny) =>
      rules.denies.flat().some((other) => isInside(deny, other)),
    );
    const areGrantsInside = rules.grants
      .flat()
      .every((grant) =>
        old?.grants.flat().some((other) => isInside(grant, other) && isWithin(grant.capabilities, other.capabilities)),
      );
    return areDeniesKept && areGrantsInside;
  });
}

describe('laws of attenuation', () => {
  test('where no widening is found, no call of any agent at any time gets more', () => {
    let narrower = 0;
    fc.assert(
      fc.property(policyPair, ({ before, after }) => {
        const [old, next] = [policyOf(before), policyOf(after)];
        if (wideningsOf(old, next).length > 0) return;
        narrower += 1;
        expect(callThatGetsMore(old, next)).toBeUndefined();
      }),
      { numRuns: 400 },
    );
    // The law is not empty.
    expect(narrower).toBeGreaterThan(100);
  });

  test('and the law finds out a comparison that forgets that the first match decides', () => {
    const outcome = fc.check(
      fc.property(policyPair, ({ before, after }) => {
        const [old, next] = [policyOf(before), policyOf(after)];
        return !naiveSaysNarrower(old, next) || callThatGetsMore(old, next) === undefined;
      }),
      { numRuns: 20_000, seed: 1, endOnFailure: true },
    );
    expect(outcome.failed).toBe(true);
  });

  test('and one that forgets what rules about sinks stop no more once a grant is narrowed', () => {
    const granting = (net: readonly string[]) =>
      policyOf({
        version: 1,
        deny: [{ sink: 'external', after: ['private'] }],
        agents: { athena: { grants: [{ tools: ['demo_*'], capabilities: { net } }] } },
      });
    const [before, after] = [granting(['a.b:1', 'localhost:1']), granting(['localhost:1'])];
    expect(wideningsOf(before, after)).toEqual([expect.stringContaining('fewer requests out of this machine')]);
    expect(callThatGetsMore(before, after)).toMatch(/carried untrusted/);
  });

  test('and one that forgets limits', () => {
    const unlimited = (document: object): object =>
      JSON.parse(
        JSON.stringify(document, (key, value) => (['limits', 'budgets', 'loop'].includes(key) ? undefined : value)),
      );
    const outcome = fc.check(
      fc.property(policyPair, ({ before, after }) => {
        if (wideningsOf(policyOf(unlimited(before)), policyOf(unlimited(after))).length > 0) return true;
        return callThatGetsMore(policyOf(before), policyOf(after)) === undefined;
      }),
      { numRuns: 2_000, seed: 1, endOnFailure: true },
    );
    expect(outcome.failed).toBe(true);
  });

  test('no policy gives more than itself, whatever stands in it', () => {
    fc.assert(
      fc.property(policyDocument, (document) => {
        expect(wideningsOf(policyOf(document), policyOf(structuredClone(document)))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('a deny more, an agent less and the last grant less are never found to give more', () => {
    fc.assert(
      fc.property(policyDocument, fc.constantFrom('*', 'demo_*', 'smcp__*'), (document, pattern) => {
        const before = policyOf(document);
        const denied = { ...document, deny: [{ tools: [pattern] }, ...document.deny] };
        const { athena: _, ...others } = document.agents;
        const reader = document.roles.reader;
        const shorter = { ...document, roles: { reader: { ...reader, grants: reader.grants.slice(0, -1) } } };
        for (const after of [denied, { ...document, agents: others }, shorter]) {
          expect(wideningsOf(before, policyOf(after))).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
