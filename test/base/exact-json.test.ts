import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactNumber, isExactNumber, isExactObject, parseExactJson, roundedJson } from '#base/exact-json.ts';
import { LIMITS } from '#base/limits.ts';

describe('JSON with exact numbers', () => {
  test.each(['9007199254740993', '5.0', '1e-7', '-0', '1E400', '0.1000000000000000055511151231257827'])(
    'writes %s as it was read',
    (number) => {
      const text = `{"a":[${number}],"b":{"c":${number}}}`;
      expect(JSON.stringify(parseExactJson(text))).toBe(text);
    },
  );

  test('rounds as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value = parseExactJson(text);
        expect(value).not.toBeUndefined();
        expect(roundedJson(value ?? null)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('takes no object of a sender for a number', () => {
    const value = parseExactJson('{"rawJSON":"1"}') ?? null;
    expect(isExactNumber(value)).toBe(false);
    expect(isExactObject(value)).toBe(true);
    expect(isExactNumber(exactNumber('1'))).toBe(true);
    expect(isExactObject(exactNumber('1'))).toBe(false);
  });

  test('keeps a key that would reach a prototype as a key of its own', () => {
    const value = parseExactJson('{"__proto__":{"x":1}}') ?? null;
    expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1}}');
    expect((roundedJson(value) as { x?: unknown }).x).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['half a text', '{"a":'],
    ['two texts', '1 2'],
    ['a number of Python', 'NaN'],
    ['a nest that is too deep', '['.repeat(LIMITS.jsonDepthMax + 1) + ']'.repeat(LIMITS.jsonDepthMax + 1)],
    ['too many values', `[${'0,'.repeat(LIMITS.jsonValuesMax)}0]`],
  ])('refuses %s', (_, text) => {
    expect(parseExactJson(text)).toBeUndefined();
  });
});
