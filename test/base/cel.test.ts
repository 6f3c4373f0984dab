import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createConditionCompiler } from '#base/cel.ts';
import { type ConditionOutcome, createConditionInput } from '#base/condition.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';

const { compile } = createConditionCompiler();
const NOW_MS = Date.parse('2026-11-22T10:00:00Z');

function run(source: string, args: JsonObject, schema?: JsonObject): ConditionOutcome {
  const compiled = compile(source);
  if (compiled.kind === 'problems') throw new Error(compiled.problems[0]?.message);
  const facts = { args, agent: 'athena', tool: 'devops__deploy', nowMs: NOW_MS };
  return compiled.condition.evaluate(createConditionInput(schema === undefined ? facts : { ...facts, schema }));
}
const kindOf = (source: string, args: JsonObject = {}, schema?: JsonObject) => run(source, args, schema).kind;
const messageOf = (outcome: ConditionOutcome) => (outcome.kind === 'error' ? outcome.message : '');
const problemsOf = (source: string) => {
  const compiled = compile(source);
  return compiled.kind === 'problems' ? compiled.problems : [];
};

const numbers = (n: number): Json => Array.from({ length: n }, (_, index) => index);

describe('a condition', () => {
  test.each<[string, JsonObject, ConditionOutcome['kind']]>([
    ['args.environment == "staging" && args.replicas <= 3', { environment: 'staging', replicas: 3 }, 'true'],
    ['args.environment == "staging" && args.replicas <= 3', { environment: 'staging', replicas: 4 }, 'false'],
    ['args.environment == "staging"', {}, 'error'],
    ['agent == "athena" && tool == "devops__deploy" && session == ""', {}, 'true'],
    ['now > timestamp("2026-11-22T09:59:59Z") && now.getHours("Europe/Lisbon") == 10', {}, 'true'],
    ['args.to.all(x, x.endsWith("@example.org"))', { to: ['a@example.org'] }, 'true'],
    ['args.to.exists(x, args.cc.exists(y, x == y))', { to: ['a'], cc: ['b', 'a'] }, 'true'],
    ['args.name.matches("^[a-z]+$")', { name: 'abc' }, 'true'],
    ['has(args.a) && args.a == 1', {}, 'false'],
    // The CEL definition: what is true anyway stays true beside an error.
    ['args.nothing == 1 || true', {}, 'true'],
  ])('%s with %j is %s', (source, args, kind) => {
    expect(kindOf(source, args)).toBe(kind);
  });

  test.each(['args', 'args.text', '1', '"true"', 'null', '[true]', 'args.text == "x" ? "a" : "b"', 'type(true)'])(
    'that gives neither true nor false is an error: %s',
    (source) => {
      expect(kindOf(source, { text: 'x' })).toBe('error');
    },
  );

  test.each(['args.missing', 'args.a.b', '1 / 0', 'args.list[9]', 'args.list["x"]', 'int("x") > 0', '1 + 1.0 > 0.0'])(
    'that fails is an error, which is an object and so truthy in JavaScript: %s',
    (source) => {
      expect(kindOf(source, { a: 1, list: [1] })).toBe('error');
      expect(kindOf(`!(${source} == true)`, { a: 1, list: [1] })).not.toBe('true');
    },
  );

  test('never throws and is never true by failing, whatever JSON the arguments are', () => {
    const sources = [
      'args.a.b == 1',
      'args.a.all(x, x.b > 0) && false',
      'args["a"]["b"].size() < 0',
      'args.a + args.b == "never"',
    ];
    const never = sources.map((source) => compile(`${source} && false`));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor', '$typeName'), fc.jsonValue()),
        (args) => {
          for (const compiled of never) {
            const outcome = compiled.kind === 'condition' && compiled.condition.evaluate(inputOf(args as JsonObject));
            expect(['false', 'error']).toContain((outcome as ConditionOutcome).kind);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

const inputOf = (args: JsonObject) => createConditionInput({ args, agent: 'a', tool: 't', nowMs: Number.NaN });

describe('the types of numbers', () => {
  const schema: JsonObject = {
    type: 'object',
    required: ['count', 'kept'],
    properties: {
      count: { type: 'integer' },
      ratio: { type: 'number' },
      kept: { type: ['integer', 'null'] },
      rows: { type: 'array', items: { $ref: '#/$defs/row' } },
      pair: { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'number' }] },
      either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    },
    additionalProperties: { type: 'number' },
    $defs: { row: { type: 'object', properties: { weight: { type: 'number' }, n: { type: 'integer' } } } },
  };

  test.each<[string, JsonObject]>([
    ['type(args.count) == int && args.count % 2 == 1 && args.count + 1 == 4', { count: 3 }],
    ['type(args.ratio) == double && args.ratio * 0.5 == 1.0', { ratio: 2 }],
    ['type(args.rows[0].weight) == double && type(args.rows[0].n) == int', { rows: [{ weight: 1, n: 1 }] }],
    ['type(args.pair[0]) == int && type(args.pair[1]) == double', { pair: [1, 1] }],
    ['type(args.either) == double', { either: 1 }],
    ['type(args.other) == double', { other: 1 }],
    ['args.count <= 3 && args.ratio <= 3', { count: 3, ratio: 3 }],
  ])('follow the schema: %s', (source, args) => {
    expect(run(source, args, schema)).toEqual({ kind: 'true' });
  });

  test('are integers where the schema says nothing and the number is whole, else doubles', () => {
    expect(kindOf('type(args.a) == int && args.a + 1 <= 3', { a: 2 })).toBe('true');
    expect(kindOf('type(args.a) == double', { a: 2.5 })).toBe('true');
    expect(kindOf('type(args.a) == double && args.a > 1.0', { a: 1e300 })).toBe('true');
    expect(kindOf('args.a <= 3', { a: 3 })).toBe('true');
    expect(kindOf('args.a <= 3', { a: 3.5 })).toBe('false');
  });

  test('are the same whatever a schema combines, and a circle of references ends', () => {
    const circle: JsonObject = {
      anyOf: Array.from({ length: 9 }, () => ({ $ref: '#' })),
      properties: { a: { $ref: '#' } },
    };
    expect(kindOf('args.a.a.a == 1', { a: { a: { a: 1 } } }, circle)).toBe('true');
  });

  test('leave nulls out unless they are required', () => {
    expect(kindOf('has(args.ratio) || "ratio" in args', { ratio: null }, schema)).toBe('false');
    expect(kindOf('args.ratio == null', { ratio: null }, schema)).toBe('error');
    expect(kindOf('args.kept == null', { kept: null }, schema)).toBe('true');
    expect(kindOf('args.list[0] == null', { list: [null] })).toBe('true');
  });
});

describe('keys that mean something to JavaScript or to the library', () => {
  test.each(['__proto__', 'constructor', '$typeName', 'toString', 'hasOwnProperty'])('are plain keys: %s', (key) => {
    const args = JSON.parse(`{"${key}": "google.protobuf.Any", "value": "x"}`) as JsonObject;
    expect(kindOf(`args["${key}"] == "google.protobuf.Any"`, args)).toBe('true');
    expect(kindOf(`args.inner["${key}"] == "google.protobuf.Any"`, { inner: args })).toBe('true');
    expect(kindOf(`"${key}" in args`, {})).toBe('false');
  });
});

describe('what the library reads otherwise than CEL', () => {
  test.each([
    ['int("") == 0', 'error'],
    ['int(" 0x10 ") == 16', 'error'],
    ['int("12") == 12', 'true'],
    ['!(double("x") < 3.0)', 'error'],
    ['double("1e3") == 1000.0', 'true'],
    ['uint("-1") == 1u', 'error'],
    ['timestamp(1) == timestamp("1970-01-01T00:00:01Z")', 'true'],
    ['now - timestamp("2026-11-22T09:00:00Z") == duration("1h")', 'true'],
    ['timestamp("2026-11-22T09:00:00.5Z") - now < duration("-59m")', 'true'],
  ])('%s is %s', (source, kind) => {
    expect(kindOf(source)).toBe(kind);
  });
});

describe('work that arguments could blow up', () => {
  const list = numbers(LIMITS.conditionListLengthMax);
  const long = 'a'.repeat(LIMITS.conditionStringLengthMax);
  test.each<[string, JsonObject, RegExp]>([
    ['args.a.size() > 0', { a: numbers(LIMITS.conditionListLengthMax + 1) }, /a list of more than 1000 elements/],
    ['args.a.size() > 0', { a: `${long}a` }, /a text longer than/],
    [
      'args.a.size() > 0',
      { a: Object.fromEntries((list as number[]).map((n) => [`k${n}`, 1]).concat([['x', 1]])) },
      /keys/,
    ],
    ['(args.a + args.a).all(x, true)', { a: list }, /walks more than/],
    ['args.a.all(x, args.a.all(y, x + y >= 0))', { a: list }, /too many steps/],
    ['args.a.all(x, x in args.a)', { a: list }, /too many steps/],
    ['args.a.all(x, args.b == args.b)', { a: list, b: { c: list } }, /too many steps/],
    ['args.a.all(x, args.b.contains(args.c))', { a: list, b: long, c: `b${'a'.repeat(30_000)}` }, /too many steps/],
    ['args.a.all(x, args.b.matches("(a|b)*a(a|b){200}c"))', { a: list, b: long }, /too many steps/],
    ['args.a.map(x, args.a).map(x, args.a) == args.a', { a: list }, /too many steps/],
  ])('%s is stopped', (source, args, message) => {
    expect(messageOf(run(source, args))).toMatch(message);
  });

  test('is done where it is within the bounds', () => {
    expect(kindOf('args.a.all(x, x >= 0)', { a: list })).toBe('true');
    expect(kindOf('args.a.size() == 65536 && args.a.matches("^a+$")', { a: long })).toBe('true');
    expect(kindOf('args.a.map(x, x + 1).filter(x, x > 999).size() == 1', { a: list })).toBe('true');
  });

  test('does not disturb a condition that looks elsewhere', () => {
    const args = { big: numbers(5_000), text: `${long}a`, environment: 'staging' };
    expect(kindOf('args.environment == "staging"', args)).toBe('true');
    const deep = JSON.parse(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`) as JsonObject;
    expect(kindOf('args.b == 1', { deep, b: 1 })).toBe('true');
    expect(kindOf(`args.deep${'.a'.repeat(100)} == 1`, { deep, b: 1 })).toBe('error');
  });

  test('starts anew with each evaluation, also after one was stopped', () => {
    expect(kindOf('args.a.all(x, x in args.a)', { a: list })).toBe('error');
    expect(kindOf('args.a == 1', { a: 1 })).toBe('true');
  });

  test('of patterns is linear: what makes a backtracking engine hang ends', () => {
    expect(kindOf('args.a.matches("^(a+)+$")', { a: `${'a'.repeat(5_000)}!` })).toBe('false');
    expect(kindOf('args.a.matches("^(a|aa)+$")', { a: `${'a'.repeat(5_000)}!` })).toBe('false');
  });
});

describe('a condition that is refused', () => {
  test.each([
    ['arg.x == 1', 0, /no variable "arg"/, 'did you mean args?'],
    ['args.a.al(x, x > 0)', 6, /no function "al"/, 'did you mean all?'],
    ['args.a.startWith("x")', 6, /no function "startWith"/, 'did you mean startsWith?'],
    ['args.a.startsWith()', 6, /can't be called like this/, undefined],
    ['has(args)', 0, /has\(\) takes one property/, 'write it as has(args.name)'],
    ['args.a.all(x, args.b.all(y, args.c.all(z, true)))', 34, /nest at most once/, 'split the rule'],
    ['args.a.all(args, true)', 6, /args is taken/, 'give the element another name'],
    ['args.a.matches(args.b)', 19, /must be a literal/, 'write the pattern itself between quotes'],
    ['args.a.matches("a(?=b)")', 15, /error parsing regexp/, 'write the pattern as RE2 takes it'],
    ['google.protobuf.Any{} == 1', 0, /can't be made/, undefined],
    ['99999999999999999999 > args.a', 0, /beyond 64 bits/, undefined],
    ['args.a == 1 &&', 12, /found &/, undefined],
    ['', 0, /found end of input/, undefined],
    ['constructor', 0, /no variable/, 'the variables here are: args, agent, tool, now, session, labels'],
    ['__proto__', 0, /no variable/, 'the variables here are: args, agent, tool, now, session, labels'],
  ])('%s', (source, offset, message, remedy) => {
    const [first] = problemsOf(source);
    expect(first?.offset).toBe(offset);
    expect(first?.message).toMatch(message);
    expect(first?.remedy).toBe(remedy);
  });

  test('by its length or depth is refused before it costs anything', () => {
    expect(problemsOf(`true${' '.repeat(LIMITS.conditionLengthMax)}`)[0]?.message).toMatch(/at most 4096/);
    for (const deep of ['('.repeat(2_000), '['.repeat(4_000), `${'f('.repeat(1_000)}1${')'.repeat(1_000)}`]) {
      expect(problemsOf(deep).length).toBeGreaterThan(0);
    }
  });
});

describe('the conditions of one decision', () => {
  const list = Array.from({ length: 1_000 }, (_none, index) => index);
  const costly = compile('args.a.all(x, args.a.all(y, x + y >= 0))');
  const cheap = compile('true');
  if (costly.kind !== 'condition' || cheap.kind !== 'condition') throw new Error('they are conditions');
  const [{ condition: walk }, { condition: yes }] = [costly, cheap];
  const facts = { args: { a: list }, agent: 'a', tool: 't', nowMs: 0 };

  test('share one budget: what comes after it is used up does nothing and is an error', () => {
    const input = createConditionInput(facts);
    expect(walk.evaluate(input)).toMatchObject({ kind: 'error', message: expect.stringContaining('too many steps') });
    const left = input.budget.left;
    const spent = { kind: 'error', message: expect.stringContaining('the conditions before it') };
    for (let times = 0; times < 50; times += 1)
      expect([walk, yes].map(({ evaluate }) => evaluate(input))).toEqual([spent, spent]);
    expect(input.budget.left).toBe(left);
  });

  test('share it also when each of them is small', () => {
    const input = createConditionInput(facts);
    const outcomes = Array.from({ length: LIMITS.conditionStepsMax }, () => yes.evaluate(input).kind);
    expect(new Set(outcomes)).toEqual(new Set(['true', 'error']));
  });

  test('and another decision has a budget of its own', () => {
    walk.evaluate(createConditionInput(facts));
    expect(yes.evaluate(createConditionInput(facts))).toEqual({ kind: 'true' });
  });
});
