import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ExactJson,
  exactNumber,
  isExactNumber,
  isExactObject,
  parseExactJson,
  roundedJson,
  unheldParts,
  unheldPointers,
} from '#base/exact-json.ts';
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

  test.each([
    '0.0000001',
    '1e5',
    '1E+5',
    '100000000000000000000',
    '-0',
    '5.00',
    '123456789.123456789',
    '0.1e1',
    '1e-7',
  ])('keeps the spelling %s, wherever it stands', (number) => {
    for (const text of [number, `[1,${number}]`, `{"a": ${number}}`, `{"a":\n${number}}`, `[${number},\t${number}]`])
      expect(JSON.stringify(parseExactJson(text))).toBe(text.replaceAll(/\s/g, ''));
  });

  test('is plain where doubles say it all', () => {
    const value = parseExactJson('{"a":[1,-2.5,"9007199254740993",null],"b":{"c":12345678901234567000}}') ?? null;
    expect(roundedJson(value)).toBe(value);
    const spelled = parseExactJson('{"b":{"c":[5.0]}}') ?? null;
    expect(roundedJson(spelled)).not.toBe(spelled);
  });

  test('is walked once, however deep it is', () => {
    for (const walk of [roundedJson, unheldParts, (value: ExactJson) => unheldPointers(value, 10)]) {
      let looks = 0;
      const watched = (inner: ExactJson): ExactJson =>
        new Proxy([inner] as ExactJson[], {
          get: (target, key) => {
            if (key === '0') looks += 1;
            return Reflect.get(target, key);
          },
        });
      let value: ExactJson = exactNumber('9007199254740993');
      for (let depth = 0; depth < LIMITS.jsonDepthMax; depth += 1) value = watched(value);
      walk(value);
      expect(looks).toBeGreaterThanOrEqual(LIMITS.jsonDepthMax);
      expect(looks).toBeLessThanOrEqual(LIMITS.jsonDepthMax * 2);
    }
  });

  test('takes the last of a key that is given twice, as JSON.parse does', () => {
    expect(JSON.stringify(parseExactJson('{"a":9007199254740995,"a":9007199254740993}'))).toBe(
      '{"a":9007199254740993}',
    );
    expect(JSON.stringify(parseExactJson('{"a":9007199254740993,"a":1}'))).toBe('{"a":1}');
    expect(JSON.stringify(parseExactJson('{"a":{"b":9007199254740993},"a":{"b":5.0}}'))).toBe('{"a":{"b":5.0}}');
  });

  test('names every number that a double would change, and no other', () => {
    const value = parseExactJson('{"a/b":[5.0,9007199254740993],"c":{"~":0.1000000000000000055},"d":1e2}') ?? null;
    expect(unheldPointers(value, 10)).toEqual(['/a~1b/1', '/c/~0']);
    expect(unheldPointers(value, 1)).toEqual(['/a~1b/1']);
    expect([...unheldParts(value)].map((part) => JSON.stringify(part))).toEqual([
      '9007199254740993',
      '[5.0,9007199254740993]',
      '0.1000000000000000055',
      '{"~":0.1000000000000000055}',
      JSON.stringify(value),
    ]);
  });
});
