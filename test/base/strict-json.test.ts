import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '#base/strict-json.ts';

const parse = (text: string) => parseStrictJson(text, { depthMax: 64 });

describe('a JSON text that a person wrote', () => {
  test.each([
    ['', 1, 1, 'a value is expected, but the text ends'],
    ['{"a": 1,}', 1, 9, 'a string in double quotes is expected'],
    ['{"a": xyz}', 1, 7, 'a value is expected'],
    ['{\n  "a" 1\n}', 2, 7, '":" is expected after a key'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, '"," or "}" is expected'],
    ['[1 2]', 1, 4, '"," or "]" is expected'],
    ['[1', 1, 3, '"," or "]" is expected, but the text ends'],
    ['{} {}', 1, 4, 'there is more after the end'],
    ['[01]', 1, 3, '"," or "]" is expected'],
    ['["a\nb"]', 1, 2, 'a string in double quotes is expected'],
    ["{'a': 1}", 1, 2, 'a string in double quotes is expected'],
    ['[NaN]', 1, 2, 'a value is expected'],
    ['// x\n{}', 1, 1, 'a value is expected'],
    ['{"a": {"b": 1, "c": 2, "b": 3}}', 1, 24, 'the key "b" is there twice'],
    ['{"a": 1, "\\u0061": 2}', 1, 10, 'the key "a" is there twice'],
    ['["\\ud800"]', 1, 2, 'half a surrogate pair'],
    ['[1e999]', 1, 2, 'too large'],
  ])('%j is broken at line %i, column %i: %s', (text, line, column, message) => {
    expect(parse(text)).toEqual({ kind: 'broken', line, column, message: expect.stringContaining(message) });
  });

  test('is taken as deep as the bound, and not one deeper', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parse(nested(64)).kind).toBe('value');
    expect(parse(nested(65))).toEqual({ kind: 'broken', line: 1, column: 65, message: 'nested over 64 deep' });
    expect(parse(nested(200_000)).kind).toBe('broken');
  });

  test('may hold a long string', () => {
    const long = 'x'.repeat(1024 * 1024);
    expect(parse(JSON.stringify(long))).toEqual({ kind: 'value', value: long });
    expect(parse(`"${long}`).kind).toBe('broken');
  });

  test('has the value that JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'grapheme' }), fc.constantFrom(undefined, 2, '\t'), (text, space) => {
        const pretty = JSON.stringify(JSON.parse(text), null, space);
        expect(parse(pretty)).toEqual({ kind: 'value', value: JSON.parse(pretty) });
      }),
    );
  });

  test('is never taken where JSON.parse refuses it', () => {
    const almost = fc.array(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"', '1', '-', '.5', 'e3', ' ', 'null', '\\'),
    );
    fc.assert(
      fc.property(almost, (pieces) => {
        const text = pieces.join('');
        const isTaken = parse(text).kind === 'value';
        let isJson = true;
        let isInDouble = true;
        try {
          JSON.parse(text, (_key, value) => {
            if (typeof value === 'number' && !Number.isFinite(value)) isInDouble = false;
            return value;
          });
        } catch {
          isJson = false;
        }
        // What is JSON may still be refused: a key that is there twice, a number beyond a double.
        expect(isTaken && !isJson).toBe(false);
        expect(isTaken && !isInDouble).toBe(false);
        expect(isJson && isInDouble && !isTaken && !text.includes('"a"')).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
