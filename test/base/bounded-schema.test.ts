// A plugin's schema can't hold the host's thread: what is done for a check is counted by getters that the value has.
// Each attack is tried on plain Ajv, too, where it does the work that it is refused here.

import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createForeignSchemaCompiler } from '#base/schema.ts';

const compile = createForeignSchemaCompiler();

const plain = (schema: JsonObject) => new Ajv2020({ strict: false, inlineRefs: false }).compile(schema);

/** An object that counts how often its property `x` is read. */
function counted(x: number, reads: { count: number }) {
  return Object.defineProperty({}, 'x', {
    enumerable: true,
    get: () => {
      reads.count += 1;
      return x;
    },
  });
}

/** `levels` definitions, each of which asks the next one twice. */
function doubling(levels: number, keyword: 'allOf' | 'anyOf'): JsonObject {
  const last = { properties: { x: { type: keyword === 'allOf' ? 'number' : 'string' } }, required: ['x'] };
  const entries = Array.from({ length: levels }, (_none, level) => {
    const next = { $ref: `#/$defs/d${level + 1}` };
    return [`d${level}`, { [keyword]: [next, next] }];
  });
  return { $ref: '#/$defs/d0', $defs: Object.fromEntries([...entries, [`d${levels}`, last]]) };
}

describe('unique items', () => {
  const schema = { type: 'array', uniqueItems: true };
  const items = (reads: { count: number }) => Array.from({ length: 300 }, (_none, index) => counted(index, reads));

  test('are read once each; plain Ajv compares each with each', () => {
    const reads = { count: 0 };
    expect(compile(schema)(items(reads))).toEqual([]);
    expect(reads.count).toBe(300);
    const plainReads = { count: 0 };
    expect(plain(schema)(items(plainReads))).toBe(true);
    expect(plainReads.count).toBeGreaterThan(300 * 299 * 0.9);
  });

  test('are unique exactly when plain Ajv says so', () => {
    const ours = compile(schema);
    const theirs = plain(schema);
    const item = fc.jsonValue({ depthSize: 'small' });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), fc.boolean(), (list, isTwice) => {
        // Plain Ajv calls these of the value.
        fc.pre(!/"(toString|valueOf)"/.test(JSON.stringify(list)));
        const value = JSON.parse(JSON.stringify(isTwice ? [...list, ...list.slice(0, 1)] : list));
        expect(ours(value).length === 0).toBe(theirs(value));
      }),
      { numRuns: 300 },
    );
    expect(
      ours([
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).toEqual([{ pointer: '', message: 'must NOT have duplicate items' }]);
    expect(ours([{}, { toString: '' }, { valueOf: 1 }])).toEqual([]);
    expect(ours([1, '1', [1], { 1: 1 }, null, 'null', true, 'true'])).toEqual([]);
  });
});

describe('a schema that asks the same thing again and again', () => {
  test.each(['allOf', 'anyOf'] as const)('by %s is stopped; plain Ajv does all of it', (keyword) => {
    const plainReads = { count: 0 };
    plain(doubling(12, keyword))(counted(1, plainReads));
    expect(plainReads.count).toBeGreaterThanOrEqual(2 ** 12);
    const reads = { count: 0 };
    expect(compile(doubling(60, keyword))(counted(1, reads))).toEqual([
      { pointer: '', message: 'takes too many steps to check' },
    ]);
    expect(reads.count).toBeLessThan(LIMITS.schemaStepsMax);
  });

  const itself = { allOf: [{ $ref: '#' }] };
  const twiceItself = { properties: { a: { allOf: [{ $ref: '#' }, { $ref: '#' }] } } };
  const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });
  test.each<[string, JsonObject, unknown]>([
    ['at the same value for ever', itself, {}],
    ['twice at each level of the value', twiceItself, deep(LIMITS.jsonDepthMax)],
    [
      'by a dynamic reference',
      { $dynamicAnchor: 'n', properties: { a: { allOf: [{ $dynamicRef: '#n' }, { $dynamicRef: '#n' }] } } },
      deep(LIMITS.jsonDepthMax),
    ],
    [
      'in a place that is no keyword',
      { $ref: '#/x', x: twiceItself.properties.a, properties: twiceItself.properties },
      deep(60),
    ],
    [
      'by the length of a text',
      { allOf: Array.from({ length: 500 }, () => ({ maxLength: 900_000 })) },
      `${'ä'.repeat(899_999)}😀`,
    ],
    [
      'by the number of properties',
      { allOf: Array.from({ length: 500 }, () => ({ minProperties: 1 })) },
      Object.fromEntries(Array.from({ length: 50_000 }, (_none, index) => [index, 0])),
    ],
    [
      'by allowed values that are objects',
      { allOf: Array.from({ length: 500 }, () => ({ not: { const: {} } })) },
      Object.fromEntries(Array.from({ length: 50_000 }, (_none, index) => [index, 0])),
    ],
    [
      'by items of another type',
      {
        allOf: Array.from({ length: 500 }, () => ({
          contains: { type: 'string' },
          minContains: 0,
          maxContains: 60_000,
        })),
      },
      Array.from({ length: 50_000 }, () => 0),
    ],
    [
      'by items that nothing is',
      { allOf: Array.from({ length: 500 }, () => ({ contains: false, minContains: 0, maxContains: 60_000 })) },
      Array.from({ length: 50_000 }, () => 0),
    ],
    ['by a pattern', { allOf: Array.from({ length: 500 }, () => ({ pattern: '^(a|b|c)*$' })) }, 'a'.repeat(100_000)],
  ])('%s is stopped', (_what, schema, value) => {
    const [problem] = compile(schema)(value);
    expect(problem?.message).toMatch(/^(takes too many steps to check|is nested too deeply for the schema)$/);
  });

  test('has a full budget for the next value', () => {
    const check = compile({ anyOf: [{ type: 'string' }, { allOf: [{ type: 'object' }, { $ref: '#' }] }] });
    expect(check({})).toHaveLength(1);
    expect(check('text')).toEqual([]);
  });
});

describe('a schema over the bounds is refused', () => {
  const nested = (levels: number): JsonObject => (levels === 0 ? { type: 'string' } : { items: nested(levels - 1) });
  const invalid = expect.objectContaining({ code: 'MANIFEST_INVALID' });
  test.each<[string, JsonObject]>([
    ['its subschemas', { anyOf: Array.from({ length: LIMITS.schemaPartsMax }, () => ({ type: 'string' })) }],
    ['its text', { description: 'x'.repeat(LIMITS.schemaBytesMax) }],
    ['its depth', nested(LIMITS.jsonDepthMax + 1)],
    [
      'a reference to a list of names',
      { items: { $ref: '#/dependent%52equired' }, dependentRequired: { required: ['a'] } },
    ],
    ['a reference into a value', { items: { $ref: '#/const' }, const: { allOf: [] } }],
    ['a reference into an example', { items: { $ref: '#/examples/0' }, examples: [{ type: 'string' }] }],
  ])('for %s', (_what, schema) => {
    expect(() => compile(schema)).toThrow(invalid);
  });

  test('and one at the bounds is taken', () => {
    const parts = Array.from({ length: LIMITS.schemaPartsMax - 1 }, (_none, index) => [
      `p${index}`,
      { type: 'string' },
    ]);
    expect(compile({ properties: Object.fromEntries(parts) })({ p1: 1 })[0]?.pointer).toBe('/p1');
    expect(compile(nested(LIMITS.jsonDepthMax))([[1]])).toEqual([]);
  });
});

describe('what is ordinary', () => {
  test('is checked as by plain Ajv', () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string', minLength: 2, maxLength: 3, default: 'abc' },
        kind: { enum: ['a', { b: 1 }, [2]] },
        one: { const: { z: 1, a: [null] } },
        tree: { $ref: '#/$defs/tree' },
        map: { type: 'object', minProperties: 1, maxProperties: 2, propertyNames: { pattern: '^[a-z]+$' } },
        examples: { type: 'string' },
      },
      required: ['name'],
      dependentRequired: { kind: ['one'] },
      unevaluatedProperties: false,
      $defs: { tree: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } } } },
    };
    const [ours, theirs] = [compile(schema), plain(schema)];
    const values: readonly unknown[] = [
      { name: 'ab' },
      { name: '😀' },
      { name: '😀😀😀' },
      { name: 'abcd' },
      { name: 'ab', kind: { b: 1 }, one: { a: [null], z: 1 } },
      { name: 'ab', kind: [2], one: { a: [], z: 1 } },
      { name: 'ab', kind: 'a' },
      { name: 'ab', kind: [3], one: { a: [null], z: 1 } },
      { name: 'ab', tree: { children: [{ children: [] }, {}] } },
      { name: 'ab', tree: { children: [{ children: [1] }] } },
      { name: 'ab', map: {} },
      { name: 'ab', map: { a: 1, b: 2 } },
      { name: 'ab', map: { a: 1, b: 2, c: 3 } },
      { name: 'ab', map: { A: 1 } },
      { name: 'ab', examples: 1 },
      { name: 'ab', other: 1 },
      [],
    ];
    const answers = values.map((value) => ours(value).length === 0);
    expect(answers).toEqual(values.map((value) => theirs(value)));
    expect(new Set(answers).size).toBe(2);
  });

  test('and large is within the budget', () => {
    const rows = Array.from({ length: 40_000 }, (_none, id) => ({ id, name: `n${id}`, on: true }));
    const row = {
      type: 'object',
      properties: {
        id: { type: 'integer', minimum: 0 },
        name: { type: 'string', maxLength: 20 },
        on: { type: 'boolean' },
      },
      required: ['id', 'name'],
      additionalProperties: false,
    };
    expect(JSON.stringify(rows).length).toBeGreaterThan(LIMITS.argumentBytesMax);
    expect(compile({ type: 'array', items: row, uniqueItems: true })(rows)).toEqual([]);
    expect(compile({ type: 'string', pattern: '^[a-z0-9]*$' })('a'.repeat(LIMITS.argumentBytesMax))).toEqual([]);
  });
});
