import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ExactJsonObject, parseExactJson, roundedJson } from '#base/exact-json.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { createForeignSchemaCompiler } from '#base/schema.ts';
import { normaliseArguments } from '#domain/normalise-arguments.ts';

const SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    to: { type: 'array', items: { type: 'string' } },
    dry_run: { type: 'boolean' },
    'max-count': { type: 'integer' },
    ratio: { type: 'number' },
    text: { type: 'string' },
    meta: { type: 'object', properties: { size: { type: 'integer' } } },
    sizes: { type: 'array', items: { type: 'integer' } },
    boxes: { type: 'array', items: { type: 'object', properties: { item: { type: 'string' } } } },
    either: { type: ['string', 'integer'] },
    perhaps: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    open: {},
    needed: { type: 'string' },
  },
  required: ['needed'],
  additionalProperties: false,
};

const normalise = (args: Json, schema: JsonObject = SCHEMA) => {
  const { args: exact, changes } = normaliseArguments(schema, args as JsonObject);
  return {
    args: roundedJson(exact),
    changes: changes.map(({ pointer, kind, count }) => `${kind} ${pointer} ×${count}`),
  };
};

describe('arguments as agents send them', () => {
  test.each<[string, JsonObject, JsonObject, string]>([
    ['a name with the other dash', { 'dry-run': true }, { dry_run: true }, 'renamed /dry_run ×1'],
    ['a name with underscores', { max_count: 1 }, { 'max-count': 1 }, 'renamed /max-count ×1'],
    ['null for what is optional', { text: null }, {}, 'null-dropped /text ×1'],
    ['a list in an item', { to: { item: ['a', 'b'] } }, { to: ['a', 'b'] }, 'item-unwrapped /to ×1'],
    ['one value in an item', { to: { item: 'a' } }, { to: ['a'] }, 'item-unwrapped /to ×1'],
    ['a list as JSON text', { to: ' ["a"]' }, { to: ['a'] }, 'json-parsed /to ×1'],
    ['an object as JSON text', { meta: '{"size":1}' }, { meta: { size: 1 } }, 'json-parsed /meta ×1'],
    ['a text for an integer', { 'max-count': '-2' }, { 'max-count': -2 }, 'number-parsed /max-count ×1'],
    ['a text for a number', { ratio: '1e-7' }, { ratio: 1e-7 }, 'number-parsed /ratio ×1'],
    ['a text for a truth value', { dry_run: 'True' }, { dry_run: true }, 'boolean-parsed /dry_run ×1'],
    ['an integer for a text', { text: 12 }, { text: '12' }, 'integer-spelled /text ×1'],
    ['a fraction for a text', { text: 0.25 }, { text: '0.25' }, 'number-spelled /text ×1'],
    ['fractions for texts', { to: [1.5, 2e-7] }, { to: ['1.5', '2e-7'] }, 'number-spelled /to/* ×2'],
    ['texts for items', { sizes: ['1', 2, '3'] }, { sizes: [1, 2, 3] }, 'number-parsed /sizes/* ×2'],
    ['a text for what may be null', { perhaps: '7' }, { perhaps: 7 }, 'number-parsed /perhaps ×1'],
    ['a text within a text', { meta: '{"size":"4"}' }, { meta: { size: 4 } }, 'number-parsed /meta/size ×1'],
  ])('are taken: %s', (_, sent, meant, change) => {
    const { args, changes } = normalise(sent);
    expect(args).toEqual(meant);
    expect(changes).toContain(change);
  });

  test('a number for a text has the spelling that it was sent with', () => {
    const spelled = (number: string) =>
      normaliseArguments(SCHEMA, parseExactJson(`{"text":${number}}`) as ExactJsonObject).args['text'];
    for (const number of ['0.250', '1E+5', '-0', '5.0', '3.14159265358979323846']) expect(spelled(number)).toBe(number);
    expect(spelled('1e999')).not.toBeTypeOf('string');
  });

  test.each<[string, JsonObject]>([
    ['a text where a text is asked', { text: '[1]', needed: 'null' }],
    ['null for what is required', { needed: null }],
    ['null for what may be null', { perhaps: null }],
    ['two names for one property', { 'dry-run': true, dry_run: false }],
    ['words for an integer', { 'max-count': '2 pieces' }],
    ['an integer with zeros before it', { 'max-count': '007' }],
    ['a fraction for an integer', { 'max-count': '2.0' }],
    ['a number beyond a double', { ratio: '1e999' }],
    ['a number out of range', { ratio: '1e-1000000000000000000000000' }],
    ['a list with a number out of range', { sizes: '[1e-1000000000000000000000000]' }],
    ['another truth', { dry_run: 'yes' }],
    ['a number for a truth value', { dry_run: 1 }],
    ['a plain text for a list', { to: 'a@b, c@d' }],
    ['an object as text for a list', { to: '{"item":1}' }],
    ['broken JSON', { to: '["a"' }],
    ['an object that may be an item', { boxes: { item: 'x' } }],
    ['an item beside something', { to: { item: 'a', more: 'b' } }],
    ['an empty item', { to: { item: null } }],
    ['what may be of two types', { either: true }],
    ['what has no type', { open: '[1]' }],
  ])('are left alone where that is ambiguous: %s', (_, sent) => {
    expect(normalise(sent)).toEqual({ args: sent, changes: [] });
  });

  test('are left alone where a name is near to two properties, or two names are near to one', () => {
    const schema = { ...SCHEMA, properties: { 'a-b_c': {}, 'a_b-c': {}, 'x-y': {} } };
    const sent = { a_b_c: 1, x_y: 1, 'x-y': 2 };
    expect(normalise(sent, schema)).toEqual({ args: sent, changes: [] });
  });

  test('are left alone where the schema takes names of any kind', () => {
    const open = { type: 'object', properties: { dry_run: { type: 'boolean' } } };
    expect(normalise({ 'dry-run': true }, open).changes).toEqual([]);
  });

  test('keep every digit of an integer', () => {
    const { args } = normaliseArguments(SCHEMA, { 'max-count': '9007199254740993', ratio: '0.10' });
    expect(JSON.stringify(args)).toBe('{"max-count":9007199254740993,"ratio":0.10}');
    const sent = parseExactJson('{"text":9007199254740993}') as JsonObject;
    expect(normaliseArguments(SCHEMA, sent).args).toEqual({ text: '9007199254740993' });
  });

  test('reach no prototype', () => {
    const sent = JSON.parse('{"__proto__":{"polluted":1},"constructor":"x"}') as JsonObject;
    const { args } = normaliseArguments({ ...SCHEMA }, { ...sent, dry_run: 'true' });
    expect(Object.getPrototypeOf(args)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('whatever is sent', () => {
  const validate = createForeignSchemaCompiler()(SCHEMA);
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
    fc.constantFrom<Json>('2', 'true', '["1"]', '{"size":"1"}', null, { item: ['x'] }, 3, 'x'),
  );
  const name = fc.constantFrom(...Object.keys(SCHEMA['properties'] as JsonObject), 'dry-run', 'max_count', 'stranger');
  const sent = fc.dictionary(name, value) as fc.Arbitrary<JsonObject>;

  test('what fits its schema is not changed', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('2', 'true', 'null', '["1"]', '{"size":"1"}'));
    const fitting = fc.record(
      {
        to: fc.array(word),
        dry_run: fc.boolean(),
        'max-count': fc.integer(),
        ratio: fc.double({ noNaN: true, noDefaultInfinity: true }),
        text: word,
        meta: fc.record({ size: fc.integer(), item: fc.jsonValue() }, { requiredKeys: [] }),
        sizes: fc.array(fc.integer()),
        boxes: fc.array(fc.record({ item: word })),
        either: fc.oneof(word, fc.integer()),
        perhaps: fc.option(fc.integer()),
        open: fc.oneof(fc.jsonValue(), word),
        needed: word,
      },
      { requiredKeys: ['needed'] },
    ) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(fitting, (args) => {
        expect(validate(args)).toEqual([]);
        expect(normaliseArguments(SCHEMA, args)).toEqual({ args, changes: [] });
      }),
    );
  });

  test('a second time changes nothing more', () => {
    fc.assert(
      fc.property(sent, (args) => {
        const { args: once } = normaliseArguments(SCHEMA, args);
        expect(normaliseArguments(SCHEMA, once).changes).toEqual([]);
      }),
    );
  });
});
