import { describe, expect, test } from 'vitest';
import { type ExactJson, parseExactJson, roundedJson } from '#base/exact-json.ts';
import { exactProblems } from '#base/exact-schema.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createForeignSchemaCompiler } from '#base/schema.ts';

const exact = (text: string): ExactJson => parseExactJson(text) ?? null;
const pointersOf = (schema: Json, text: string) => exactProblems(schema, exact(text)).map(({ pointer }) => pointer);

describe('a number that no double holds', () => {
  test.each<[string, Json, string]>([
    ['an integer', { properties: { n: { type: 'integer' } } }, '{"n":9007199254740993}'],
    ['a number', { properties: { n: { type: 'number', description: 'd' } } }, '{"n":0.1000000000000000055}'],
    [
      'what may be null',
      { properties: { n: { anyOf: [{ type: 'integer' }, { type: 'null' }] } } },
      '{"n":9007199254740993}',
    ],
    ['anything', { properties: {} }, '{"n":[9007199254740993]}'],
    [
      'what is within its bounds',
      { properties: { n: { minimum: 9007199254740992, exclusiveMaximum: 9007199254740994 } } },
      '{"n":9007199254740993}',
    ],
    [
      'items',
      { properties: { n: { type: 'array', items: { type: 'integer' }, uniqueItems: true } } },
      '{"n":[1,9007199254740993]}',
    ],
  ])('fits where the schema wants %s', (_, schema, text) => {
    expect(pointersOf(schema, text)).toEqual([]);
  });

  test.each<[string, Json, string, string]>([
    [
      'a maximum that its double keeps',
      { properties: { n: { maximum: 9007199254740992 } } },
      '{"n":9007199254740993}',
      '/n',
    ],
    [
      'a minimum that its double keeps',
      { properties: { n: { minimum: -9007199254740992 } } },
      '{"n":-9007199254740993}',
      '/n',
    ],
    [
      'an integer, where its double is one',
      { properties: { n: { type: 'integer' } } },
      '{"n":9007199254740992.5}',
      '/n',
    ],
    [
      'an integer behind anyOf',
      { properties: { n: { anyOf: [{ type: 'integer' }, { type: 'null' }] } } },
      '{"n":9007199254740992.5}',
      '/n',
    ],
    ['a text', { properties: { n: { type: 'string' } } }, '{"n":9007199254740993}', '/n'],
    ['one of some numbers', { properties: { n: { enum: [9007199254740992] } } }, '{"n":9007199254740993}', '/n'],
    ['a constant', { properties: { n: { const: 9007199254740992 } } }, '{"n":9007199254740993}', '/n'],
    ['a multiple', { properties: { n: { multipleOf: 2 } } }, '{"n":9007199254740993}', '/n'],
    ['none of something', { properties: { n: { not: { const: 5 } } } }, '{"n":9007199254740993}', '/n'],
    ['what another schema says', { $ref: '#/$defs/x', $defs: { x: {} } }, '{"a":{"b/c":9007199254740993}}', '/a/b~1c'],
    [
      'a choice of numbers',
      { properties: { n: { anyOf: [{ type: 'integer' }, { type: 'number' }] } } },
      '{"n":9007199254740993}',
      '/n',
    ],
    [
      'a list whose items have bounds',
      { properties: { n: { items: { maximum: 5 } } } },
      '{"n":[9007199254740993]}',
      '/n/0',
    ],
    [
      'a list that is a constant',
      { properties: { n: { const: [9007199254740992] } } },
      '{"n":[9007199254740993]}',
      '/n/0',
    ],
    ['bounds for what it does not name', { additionalProperties: { maximum: 5 } }, '{"n":9007199254740993}', '/n'],
  ])('does not fit where the schema wants %s', (_, schema, text, pointer) => {
    expect(pointersOf(schema, text)).toEqual([pointer]);
  });

  test('is looked for only: all else is left to the check with doubles', () => {
    expect(pointersOf({ properties: { n: { type: 'string', multipleOf: 7 } } }, '{"n":5.0,"m":1e3}')).toEqual([]);
  });

  test('is looked for through a deep value once, and told of ten times', () => {
    let looks = 0;
    const watched = (inner: ExactJson): ExactJson =>
      new Proxy([inner] as ExactJson[], {
        get: (target, key) => {
          if (key === '0') looks += 1;
          return Reflect.get(target, key);
        },
      });
    let value = exact(`[${'9007199254740993,'.repeat(99)}1]`);
    let schema: JsonObject = { items: { type: 'string' } };
    for (let depth = 1; depth < LIMITS.jsonDepthMax; depth += 1) {
      value = watched(value);
      schema = { items: schema };
    }
    expect(exactProblems(schema, value)).toHaveLength(LIMITS.argumentProblemsMax);
    expect(looks).toBeLessThanOrEqual(4 * LIMITS.jsonDepthMax);
  });

  test('is refused where to check it takes more steps than a schema may', () => {
    const value = exact(`[${'9007199254740993,'.repeat(9_999)}9007199254740993]`);
    const annotations = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`x-${at}`, at]));
    expect(exactProblems({ items: {} }, value)).toEqual([]);
    expect(exactProblems({ items: annotations }, value)).toEqual([
      { pointer: '', message: 'takes too many steps to check' },
    ]);
  });
});

describe('a list whose items are to differ', () => {
  const check = createForeignSchemaCompiler()({ properties: { n: { uniqueItems: true } } });

  test.each([
    ['{"n":[9007199254740992,9007199254740993]}', true],
    ['{"n":[{"a":[9007199254740992]},{"a":[9007199254740993]}]}', true],
    ['{"n":[9007199254740993,9007199254740993.0]}', false],
    ['{"n":[5,5.0]}', false],
    ['{"n":[9007199254740993,{"a":1},{"a":1.0}]}', false],
  ])('%s', (text, isSound) => {
    expect(check(roundedJson(exact(text))).length === 0).toBe(isSound);
  });
});
