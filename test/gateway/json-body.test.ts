import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { roundedJson } from '#base/exact-json.ts';
import { LIMITS } from '#base/limits.ts';
import { parseJsonBody } from '#gateway/json-body.ts';

describe('a JSON body', () => {
  const parse = (text: string) => parseJsonBody(Buffer.from(text));

  test('comes through as JSON.parse reads it', () => {
    const json = fc.jsonValue({ maxDepth: 8 }).filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('is refused by one code or read, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          parseJsonBody(Buffer.from(bytes));
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'REQUEST_INVALID' });
        }
        return true;
      }),
    );
    expect(parse('')).toBeUndefined();
  });

  test('is taken to the depth of jsonDepthMax and no deeper; brackets in strings count for nothing', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parse(nested(LIMITS.jsonDepthMax))).toBeDefined();
    expect(() => parse(nested(LIMITS.jsonDepthMax + 1))).toThrow(SmcpError);
    const quoted = `a"\\${'['.repeat(500)}`;
    expect(parse(JSON.stringify({ [quoted]: quoted }))).toEqual({ [quoted]: quoted });
  });

  test.each([
    ['1e308', 1e308],
    ['{"constructor":{"name":"x"}}', { constructor: { name: 'x' } }],
    ['"\\ud83d\\ude00"', '😀'],
    ['"__proto__"', '__proto__'],
  ])('takes the harmless %s', (text, value) => {
    expect(roundedJson(parse(text) ?? null)).toEqual(value);
  });

  test.each([
    '1e309',
    // Few digits in the exponent, the rest in the mantissa.
    `-1${'0'.repeat(250)}e99`,
    `1${'0'.repeat(301)}E8`,
    '9'.repeat(310),
    '-1E+400',
    // To a double these are zero.
    '{"n":[1e-1000000000000000000000000]}',
    '1E-10001',
    `0.${'0'.repeat(10_000)}1`,
    `0.${'0'.repeat(300)}1e-9999`,
    '9'.repeat(400),
    '"\\udc00"',
    '{"\\ud800":1}',
    '{"__proto__":1}',
    '[{"\\u005f_proto__":{}}]',
  ])('refuses %s', (text) => {
    expect(() => parse(text)).toThrow(SmcpError);
  });
});
