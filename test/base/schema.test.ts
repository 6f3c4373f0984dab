import { describe, expect, test } from 'vitest';
import { createForeignSchemaCompiler } from '#base/schema.ts';

describe('a schema that a plugin brought', () => {
  test('accepts what fits and names where the rest does not', () => {
    const check = createForeignSchemaCompiler()({
      type: 'object',
      properties: { place: { type: 'string' } },
      required: ['place'],
      additionalProperties: false,
    });
    expect(check({ place: 'Lisbon' })).toEqual([]);
    expect(check({ place: 1 })).toEqual([{ pointer: '/place', message: 'must be string' }]);
    expect(check({ place: 'x', other: 1 })[0]?.message).toContain('"other"');
  });

  test('runs a pattern with nested repetition in linear time', () => {
    const check = createForeignSchemaCompiler()({ type: 'string', pattern: '^(a+)+$' });
    // A backtracking engine needs about 2^50000 steps for this one and never ends.
    expect(check(`${'a'.repeat(50_000)}!`)).toHaveLength(1);
  });

  test('keeps two patterns of one schema apart', () => {
    const check = createForeignSchemaCompiler()({ properties: { a: { pattern: '^a$' }, b: { pattern: '^b$' } } });
    expect(check({ a: 'a', b: 'b' })).toEqual([]);
    expect(check({ a: 'a', b: 'a' })[0]?.pointer).toBe('/b');
  });

  test.each(['(?=a)b', '(?<!a)b', '(a)\\1'])('refuses the pattern %s and says where it stands', (pattern) => {
    const schema = { type: 'object', properties: { x: { type: 'string', pattern } } };
    expect(() => createForeignSchemaCompiler()(schema)).toThrow(
      expect.objectContaining({
        code: 'PATTERN_UNSUPPORTED',
        details: expect.objectContaining({ pointer: '/properties/x/pattern' }),
      }),
    );
  });

  test('takes a property that is called pattern for a property', () => {
    expect(createForeignSchemaCompiler()({ properties: { pattern: { type: 'string' } } })({ pattern: '(?=' })).toEqual(
      [],
    );
  });

  test.each([{ type: 'nope' }, { $async: true, type: 'object' }, { $ref: 'https://elsewhere.example/schema' }])(
    'refuses %j as a schema',
    (schema) => {
      expect(() => createForeignSchemaCompiler()(schema)).toThrow(
        expect.objectContaining({ code: 'MANIFEST_INVALID' }),
      );
    },
  );
});

describe('many schemas of one compiler', () => {
  const named = (type: string) => ({
    type: 'object',
    properties: { x: { $ref: 'urn:test:x' } },
    $defs: { x: { $id: 'urn:test:x', type } },
  });

  test('may give the same name to different things', () => {
    const compile = createForeignSchemaCompiler();
    const [text, number] = [compile(named('string')), compile(named('number'))];
    expect([text({ x: 'a' }).length, text({ x: 1 }).length]).toEqual([0, 1]);
    expect([number({ x: 'a' }).length, number({ x: 1 }).length]).toEqual([1, 0]);
  });

  test("can't refer to each other", () => {
    const compile = createForeignSchemaCompiler();
    compile(named('string'));
    compile({ $id: 'urn:test:whole', type: 'object' });
    for (const name of ['urn:test:x', 'urn:test:whole']) {
      expect(() => compile({ type: 'object', properties: { x: { $ref: name } } })).toThrow(
        expect.objectContaining({ code: 'MANIFEST_INVALID' }),
      );
    }
  });

  test('keep their own definitions of the same local name', () => {
    const compile = createForeignSchemaCompiler();
    const local = (type: string) => compile({ properties: { x: { $ref: '#/$defs/x' } }, $defs: { x: { type } } });
    const [text, number] = [local('string'), local('number')];
    expect([text({ x: 1 }).length, number({ x: 1 }).length]).toEqual([1, 0]);
  });
});
