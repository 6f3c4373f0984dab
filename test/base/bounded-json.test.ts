import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBoundedJson } from '#base/bounded-json.ts';
import { LIMITS } from '#base/limits.ts';

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('JSON from outside', () => {
  test('is parsed as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseBoundedJson(text)).toEqual({ kind: 'value', value: JSON.parse(text) });
      }),
    );
  });

  test.each(['', '{', '{"a":1,}', 'undefined', "{'a':1}"])('is broken as %j', (text) => {
    expect(parseBoundedJson(text)).toEqual({ kind: 'broken' });
  });

  test('is refused one level too deep, and taken at the bound', () => {
    expect(parseBoundedJson(nested(LIMITS.jsonDepthMax)).kind).toBe('value');
    expect(parseBoundedJson(nested(LIMITS.jsonDepthMax + 1))).toEqual({ kind: 'too-deep' });
  });

  test('is refused with too many values, however flat', () => {
    expect(parseBoundedJson(`[${'0,'.repeat(LIMITS.jsonValuesMax - 2)}0]`).kind).toBe('value');
    expect(parseBoundedJson(`[${'0,'.repeat(LIMITS.jsonValuesMax)}0]`)).toEqual({ kind: 'too-many' });
    expect(parseBoundedJson(`[${'[],'.repeat(LIMITS.jsonValuesMax)}[]]`)).toEqual({ kind: 'too-many' });
  });

  test('may have brackets and commas in its strings', () => {
    const text = JSON.stringify({ a: `${'['.repeat(1000)}${','.repeat(LIMITS.jsonValuesMax)}\\"[` });
    expect(parseBoundedJson(text)).toEqual({ kind: 'value', value: JSON.parse(text) });
  });
});
