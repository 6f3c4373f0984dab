import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBoundedJson } from '#base/bounded-json.ts';
import { LIMITS } from '#base/limits.ts';

const nested = (depth: number, inside = '1') => `${'['.repeat(depth)}${inside}${']'.repeat(depth)}`;

describe('JSON of bounded depth', () => {
  test('is what JSON.parse makes of it, for any value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseBoundedJson(text)).toEqual({ kind: 'value', value: JSON.parse(text) });
      }),
    );
  });

  test.each([
    ['at the bound', nested(LIMITS.jsonDepthMax), 'value'],
    ['one past it', nested(LIMITS.jsonDepthMax + 1), 'too-deep'],
    ['objects past it', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, 'too-deep'],
    ['brackets without an end', '['.repeat(1_000_000), 'too-deep'],
    ['brackets in a string', JSON.stringify('['.repeat(1000)), 'value'],
    ['brackets after an escaped quote', JSON.stringify(`"${'{'.repeat(1000)}`), 'value'],
    ['brackets after a string that ends with a backslash', `["\\\\",${nested(LIMITS.jsonDepthMax)}]`, 'too-deep'],
    ['side by side, not in each other', `[${Array(1000).fill('[]').join()}]`, 'value'],
    ['a string without an end', '"[[[', 'broken'],
    ['nothing', '', 'broken'],
    ['two values', '1 2', 'broken'],
  ])('%s', (_what, text, kind) => {
    expect(parseBoundedJson(text).kind).toBe(kind);
  });
});
