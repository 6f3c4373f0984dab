import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { compileToolPattern, coversPattern, mayOverlap } from '#policy/match.ts';

const matches = (pattern: string, name: string) => compileToolPattern(pattern).matches(name);

/** The definition, slowly: a star is any run of characters. */
function matchesByDefinition(pattern: string, name: string): boolean {
  const head = pattern[0];
  if (head === undefined) return name === '';
  if (head !== '*') return name[0] === head && matchesByDefinition(pattern.slice(1), name.slice(1));
  return Array.from({ length: name.length + 1 }, (_, n) => n).some((n) =>
    matchesByDefinition(pattern.slice(1), name.slice(n)),
  );
}

describe('a tool pattern', () => {
  test.each([
    ['demo_math__*', 'demo_math__calculate', true],
    ['demo_math__*', 'demo_math__', true],
    ['demo_math__*', 'demo_text__echo', false],
    ['*__delete_*', 'files__delete_all', true],
    ['*__delete_*', 'files__undelete', false],
    ['*', 'anything__at_all', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a**b', 'ab', true],
    ['demo_math__calculate', 'demo_math__calculate', true],
    ['demo_math__calculate', 'demo_math__calculate2', false],
    ['a.c', 'abc', false],
    ['*a*b*c', 'xaybzc', true],
    ['*a*b*c', 'xaybz', false],
    ['ab*ba', 'aba', false],
    ['demo_math__*', 'DEMO_MATH__calculate', false],
  ])('%s on %s: %s', (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected);
  });

  test.each([
    ['*', false],
    ['*__queue_flush', false],
    ['smcp_*', false],
    ['s*', false],
    ['smcp__*', true],
    ['smcp__queue_*', true],
    ['smcp__queue_flush', true],
  ])('%s covers the server’s own smcp__queue_flush: %s', (pattern, expected) => {
    expect(matches(pattern, 'smcp__queue_flush')).toBe(expected);
  });

  test('means what its definition says', () => {
    const word = (max: number, letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: max });
    fc.assert(
      fc.property(word(8, 'ab*'), word(10, 'ab'), (pattern, name) => {
        expect(matches(pattern, name)).toBe(matchesByDefinition(pattern, name));
      }),
      { numRuns: 3_000 },
    );
  });

  test('is not slow on names that are nearly right', () => {
    const pattern = compileToolPattern(`${'*a'.repeat(60)}*b`);
    let matched = 0;
    for (let i = 0; i < 20_000; i++) if (pattern.matches('a'.repeat(64))) matched += 1;
    expect(matched).toBe(0);
    expect(matches(`${'*a'.repeat(30)}*b`, `${'a'.repeat(60)}b`)).toBe(true);
  });

  test('does not match a name longer than any tool’s', () => {
    expect(matches('*', 'a'.repeat(LIMITS.toolNameLengthMax))).toBe(true);
    expect(matches('*', 'a'.repeat(LIMITS.toolNameLengthMax + 1))).toBe(false);
    expect(matches('*', 'a'.repeat(10_000_000))).toBe(false);
  });

  test('that covers another one matches whatever that one matches', () => {
    const word = (max: number, letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: max });
    fc.assert(
      fc.property(word(5, 'ab*'), word(5, 'ab*'), word(6, 'ab'), (outer, inner, name) => {
        fc.pre(coversPattern(compileToolPattern(outer), compileToolPattern(inner)));
        expect(!matches(inner, name) || matches(outer, name)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(coversPattern(compileToolPattern('a*'), compileToolPattern('a*b'))).toBe(true);
    expect(coversPattern(compileToolPattern('*'), compileToolPattern('smcp__*'))).toBe(false);
  });

  test('that may match no name in common with another one surely doesn’t', () => {
    const word = (max: number, letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: max });
    const names = fc.sample(word(8, 'ab'), { numRuns: 200, seed: 1 });
    fc.assert(
      fc.property(word(5, 'ab*'), word(5, 'ab*'), (one, other) => {
        const shared = names.some((name) => matches(one, name) && matches(other, name));
        const may = mayOverlap(compileToolPattern(one), compileToolPattern(other));
        expect(may).toBe(mayOverlap(compileToolPattern(other), compileToolPattern(one)));
        expect(!shared || may).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['a*', 'b*', false],
    ['*a', '*b', false],
    ['a*b', 'ab*', true],
    ['a*', '*b', true],
    ['a__b', 'a__*', true],
    ['a__b', 'a__c', false],
    ['*', 'smcp__*', false],
    ['smcp_*', 'smcp__*', false],
    ['smcp__queue_*', 'smcp__*_list', true],
  ])('%s and %s may match the same name: %s', (one, other, expected) => {
    expect(mayOverlap(compileToolPattern(one), compileToolPattern(other))).toBe(expected);
  });

  test('covers itself, however long it is', () => {
    const long = compileToolPattern('*a'.repeat(60));
    expect(coversPattern(long, compileToolPattern(long.source))).toBe(true);
  });
});
