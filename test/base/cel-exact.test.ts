import { describe, expect, test } from 'vitest';
import { createConditionCompiler } from '#base/cel.ts';
import { type ConditionOutcome, createConditionInput } from '#base/condition.ts';
import { type ExactJsonObject, parseExactJson } from '#base/exact-json.ts';
import type { JsonObject } from '#base/json.ts';

const { compile } = createConditionCompiler();

function kindOf(source: string, args: ExactJsonObject, schema?: JsonObject): ConditionOutcome['kind'] {
  const compiled = compile(source);
  if (compiled.kind === 'problems') throw new Error(compiled.problems[0]?.message);
  const facts = { args, agent: 'athena', tool: 'chat__post', nowMs: 0 };
  return compiled.condition.evaluate(createConditionInput(schema === undefined ? facts : { ...facts, schema })).kind;
}

describe('a condition on a number that no double holds', () => {
  const args = parseExactJson(
    '{"n":9007199254740993,"x":0.1000000000000000055,"h":1234567890123456789012,"z":5.0}',
  ) as ExactJsonObject;
  const types = { properties: { n: { type: 'integer' }, x: { type: 'number' }, z: { type: 'integer' } } };

  test.each<[string, ConditionOutcome['kind']]>([
    ['args.n == 9007199254740993', 'true'],
    ['args.n == 9007199254740992', 'false'],
    ['args.n > 9007199254740992', 'true'],
    ['args.n <= 9007199254740992', 'false'],
    ['args.n in [9007199254740992]', 'false'],
    ['args.n != 9007199254740992', 'true'],
    // Doubles that are next to it.
    ['args.n == 9007199254740992.0', 'false'],
    ['args.n <= 9007199254740992.0', 'false'],
    ['args.n < 9007199254740993.0', 'false'],
    ['9007199254740992.0 < args.n', 'true'],
    ['9007199254740994.0 > args.n && args.n < 9007199254740994.0', 'true'],
    ['9007199254740992.0 >= args.n || args.n > 9007199254740994.0', 'false'],
    ['uint(args.n) <= 9007199254740992.0', 'false'],
    ['double(args.n) == 9007199254740992.0', 'error'],
  ])('%s compares all its digits: %s', (source, kind) => {
    expect(kindOf(source, args, types)).toBe(kind);
    expect(kindOf(source, args)).toBe(kind);
  });

  test.each([
    'args.x == 0.1',
    'args.x < 1.0',
    'args.x != 0.1',
    'args.h > 5',
    'args.h == 5',
    'args.x in [0.1]',
    '!(args.x == 0.1)',
  ])('%s is an error: it is compared as no other number', (source) => {
    expect(kindOf(source, args, types)).toBe('error');
  });

  test('is an error too where the schema has the number as a double', () => {
    expect(kindOf('args.n > 5.0', args, { properties: { n: { type: 'number' } } })).toBe('error');
  });

  test('says of others what it says of their doubles', () => {
    expect(
      kindOf(
        'args.z == 5 && args.z < 5.5 && 4.5 < args.z && double(args.z) == 5.0 && args.z <= 5.0 && args.z >= 5.0',
        args,
        types,
      ),
    ).toBe('true');
  });
});
