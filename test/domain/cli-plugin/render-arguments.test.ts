import { describe, expect, test } from 'vitest';
import { wholeNumber } from '#base/exact-number.ts';
import { LIMITS } from '#base/limits.ts';
import type { ArgumentPlan, CommandPlan } from '#domain/cli-plugin/plan.ts';
import { pythonNumber } from '#domain/cli-plugin/python-number.ts';
import { renderArguments } from '#domain/cli-plugin/render-arguments.ts';

const argument = (fields: Partial<ArgumentPlan>): ArgumentPlan => ({
  property: 'x',
  spelling: '--x',
  style: 'value',
  type: 'string',
  takesEquals: true,
  ...fields,
});

const plan = (all: readonly Partial<ArgumentPlan>[], fields: Partial<CommandPlan> = {}): CommandPlan => ({
  command: ['go'],
  commandSlot: 'subparsers',
  parser: 'argparse',
  prefixes: '-',
  hasNumberOptions: false,
  arguments: all.map(argument),
  ...fields,
});

const rendered = (made: CommandPlan, args: string) => renderArguments(made, args).slice(made.command.length);
const failure = (run: () => unknown): unknown => {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
};

describe('one value', () => {
  test.each<[Partial<ArgumentPlan>, string, string]>([
    [{}, '"a"', 'a'],
    [{}, '""', ''],
    [{ type: 'number' }, '5.0', '5.0'],
    [{ type: 'number' }, '5', '5'],
    [{ type: 'number' }, '1e-7', '1e-07'],
    [{ type: 'number' }, '0.10', '0.1'],
    [{ type: 'integer' }, '5.0', '5'],
    [{ type: 'integer' }, '1e3', '1000'],
    [{ type: 'integer' }, '9007199254740993', '9007199254740993'],
    [{ type: 'integer' }, '1.5', '1.5'],
    [{ type: 'boolean' }, 'false', 'false'],
    [{ type: 'boolean', choices: ['True', 'False'] }, 'false', 'False'],
    [{ type: 'object' }, '{ "b": [1.0, 9007199254740993], "a": "é" }', '{"b":[1.0,9007199254740993],"a":"é"}'],
    [{ type: 'array' }, '[ {"a": 1}, 2 ]', '[{"a":1},2]'],
  ])('%j of %s is said as %s', (fields, json, said) => {
    expect(rendered(plan([fields]), `{"x":${json}}`)).toEqual([`--x=${said}`]);
  });

  test('the items of a list are spelled as integers where they are described so', () => {
    const list = { style: 'values', type: 'array', itemType: 'integer' } as const;
    expect(rendered(plan([list]), '{"x":[2.0,1e3,9007199254740993]}')).toEqual([
      '--x',
      '2',
      '1000',
      '9007199254740993',
    ]);
    expect(rendered(plan([{ style: 'values', type: 'array' }]), '{"x":[2.0,3]}')).toEqual(['--x', '2.0', '3']);
  });

  test('what is wrong is pointed to, whatever its name', () => {
    const flag = { property: 'a/b~c', style: 'flag', type: 'boolean' } as const;
    expect(failure(() => rendered(plan([flag]), '{"a/b~c":1}'))).toMatchObject({ details: { pointer: '/a~1b~0c' } });
    expect(failure(() => rendered(plan([]), '{"a/b~c":1}'))).toMatchObject({ details: { pointer: '/a~1b~0c' } });
  });

  test('null, and what is absent, is not said', () => {
    expect(rendered(plan([{}, { property: 'y' }]), '{"x":null}')).toEqual([]);
  });

  test('what holds objects is one value of JSON in every style', () => {
    for (const style of ['repeated', 'values'] as const) {
      expect(rendered(plan([{ style, type: 'array' }]), '{"x":[{"a":1},"--b"]}')).toEqual(['--x=[{"a":1},"--b"]']);
    }
  });
});

describe('flags', () => {
  test.each<[Partial<ArgumentPlan>, string, readonly string[]]>([
    [{ style: 'flag' }, 'true', ['--x']],
    [{ style: 'flag' }, 'false', []],
    [{ style: 'flag-negated' }, 'true', []],
    [{ style: 'flag-negated' }, 'false', ['--x']],
    [{ style: 'flag', negative: '--no-x' }, 'false', ['--no-x']],
  ])('%j of %s', (fields, json, words) => {
    expect(rendered(plan([{ ...fields, type: 'boolean' }]), `{"x":${json}}`)).toEqual(words);
  });

  test('take nothing but true and false', () => {
    expect(failure(() => rendered(plan([{ style: 'flag' }]), '{"x":"--y"}'))).toMatchObject({
      code: 'ARGUMENTS_INVALID',
    });
  });
});

describe('the order of words', () => {
  const many = { property: 'm', spelling: '--m', style: 'values', type: 'array', countMin: 1 } as const;
  const one = { property: 'o', spelling: '--o' } as const;
  const first = {
    property: 'a',
    spelling: '',
    style: 'positional',
    countMin: 1,
    countMax: 1,
    takesEquals: false,
  } as const;
  const last = {
    property: 'z',
    spelling: '',
    style: 'positional',
    countMin: 0,
    countMax: 1,
    takesEquals: false,
  } as const;
  const rest = {
    property: 'r',
    spelling: '',
    style: 'remainder',
    type: 'array',
    countMin: 0,
    takesEquals: false,
  } as const;

  test('is open flags, flags with their value, and what is positional after --', () => {
    expect(rendered(plan([one, first, many]), '{"o":"1","a":"-a","m":["x","y"]}')).toEqual([
      '--m',
      'x',
      'y',
      '--o=1',
      '--',
      '-a',
    ]);
  });

  test('leaves the rest bare where it comes first, and then it may not begin like an option', () => {
    expect(rendered(plan([rest]), '{"r":["ls","--all"]}')).toEqual(['ls', '--all']);
    expect(failure(() => rendered(plan([rest]), '{"r":["--all"]}'))).toMatchObject({ code: 'ARGUMENTS_UNPASSABLE' });
    expect(rendered(plan([first, rest]), '{"a":"--x","r":["--all"]}')).toEqual(['--', '--x', '--all']);
  });

  test('puts a flag with one value between an open flag and a bare rest, or refuses', () => {
    expect(rendered(plan([many, one, rest]), '{"m":["x","y"],"o":"1","r":["ls"]}')).toEqual([
      '--m',
      'x',
      'y',
      '--o=1',
      'ls',
    ]);
    expect(failure(() => rendered(plan([many, rest]), '{"m":["x","y"],"r":["ls"]}'))).toMatchObject({
      code: 'ARGUMENTS_UNPASSABLE',
      details: { pointer: '/r' },
    });
  });

  test('refuses a positional value that another argument would get', () => {
    expect(rendered(plan([last, first]), '{"a":"1"}')).toEqual(['--', '1']);
    expect(failure(() => rendered(plan([last, { ...last, property: 'y' }]), '{"y":"1"}'))).toMatchObject({
      code: 'ARGUMENTS_UNPASSABLE',
      details: { pointer: '/z' },
    });
  });

  test('begins with the command, but where that is a positional argument too', () => {
    expect(renderArguments(plan([one, first]), '{"o":"1","a":"x"}')).toEqual(['go', '--o=1', '--', 'x']);
    const made = plan([one, first], { commandSlot: 'choices' });
    expect(renderArguments(made, '{"o":"1","a":"x"}')).toEqual(['--o=1', '--', 'go', 'x']);
    expect(renderArguments(made, '{"o":"1"}')).toEqual(['go', '--o=1']);
  });

  test('without a known parser has no --, and nothing that looks like an option', () => {
    const made = plan([{ ...one, takesEquals: false }, first], { parser: 'unknown' });
    expect(rendered(made, '{"o":"1","a":"x"}')).toEqual(['--o', '1', 'x']);
    expect(rendered(made, '{"o":"-1"}')).toEqual(['--o=-1']);
    expect(failure(() => rendered(made, '{"a":"-x"}'))).toMatchObject({ code: 'ARGUMENTS_UNPASSABLE' });
    expect(failure(() => rendered(plan([{ spelling: '-x', takesEquals: false }]), '{"x":"-1"}'))).toMatchObject({
      code: 'ARGUMENTS_UNPASSABLE',
    });
  });
});

describe('several values after one flag', () => {
  const many = plan([{ style: 'values', type: 'array', countMin: 1 }]);

  test.each(['a', '', '-', '- a', '-5', '-0.5', '-.5'])('%j may stand beside others', (value) => {
    expect(rendered(many, JSON.stringify({ x: ['a', value] }))).toEqual(['--x', 'a', value]);
  });

  test.each(['--help', '-x', '-1e5', '-5\n', '--', '-x y', '--x=y'])('%j may not, but alone, if at all', (value) => {
    expect(failure(() => rendered(many, JSON.stringify({ x: ['a', value] })))).toMatchObject({
      code: 'ARGUMENTS_UNPASSABLE',
      details: { pointer: '/x', remedy: expect.any(String) },
    });
    if (value !== '--') expect(rendered(many, JSON.stringify({ x: [value] }))).toEqual([`--x=${value}`]);
  });

  test('a negative number may not, where an option looks like one', () => {
    const made = plan([{ style: 'values', type: 'array' }], { hasNumberOptions: true });
    expect(failure(() => rendered(made, '{"x":["a","-5"]}'))).toMatchObject({ code: 'ARGUMENTS_UNPASSABLE' });
  });

  test('nor what begins with another prefix of the program', () => {
    const made = plan([{ style: 'values', type: 'array' }], { prefixes: '-+' });
    expect(failure(() => rendered(made, '{"x":["a","+b"]}'))).toMatchObject({ code: 'ARGUMENTS_UNPASSABLE' });
  });

  test('must be as many as there must be', () => {
    const made = plan([{ style: 'values', type: 'array', countMin: 2, countMax: 2 }]);
    expect(rendered(made, '{"x":["a","b"]}')).toEqual(['--x', 'a', 'b']);
    for (const json of ['["a"]', '["a","b","c"]']) {
      expect(failure(() => rendered(made, `{"x":${json}}`))).toMatchObject({ code: 'ARGUMENTS_INVALID' });
    }
  });

  test('none at all is said where that may be', () => {
    expect(rendered(plan([{ style: 'values', type: 'array', countMin: 0 }]), '{"x":[]}')).toEqual(['--x']);
    expect(rendered(many, '{"x":[]}')).toEqual([]);
  });
});

describe('what can not be handed over is refused, and the error names the argument but not its value', () => {
  test.each<[string, string, string]>([
    ['a zero character', '"secret\\u0000"', 'ARGUMENTS_UNPASSABLE'],
    ['half a character', '"secret\\ud800"', 'ARGUMENTS_UNPASSABLE'],
    ['the end of options', '"--"', 'ARGUMENTS_UNPASSABLE'],
    ['a number beyond a double', '1e999', 'ARGUMENTS_UNPASSABLE'],
    ['a long text', `"${'é'.repeat(LIMITS.programWordBytesMax / 2)}"`, 'ARGUMENTS_UNPASSABLE'],
  ])('%s', (_, json, code) => {
    const thrown = failure(() => rendered(plan([{}]), `{"x":${json}}`));
    expect(thrown).toMatchObject({ code, details: { pointer: '/x', remedy: expect.any(String) } });
    expect(JSON.stringify(thrown)).not.toContain('secret');
  });

  test('a null within a list', () => {
    expect(failure(() => rendered(plan([{ style: 'repeated' }]), '{"x":["a",null]}'))).toMatchObject({
      code: 'ARGUMENTS_UNPASSABLE',
    });
  });

  test.each([
    ['too much in all', 4, 100_000, LIMITS.programArgumentBytesMax],
    ['too many words', LIMITS.programArgumentsMax, 1, LIMITS.programArgumentsMax],
  ])('%s, by the name of the bound', (_, count, length, bound) => {
    const made = plan([{ style: 'repeated', type: 'array' }]);
    const of = (items: number) => JSON.stringify({ x: Array.from({ length: items }, () => 'a'.repeat(length)) });
    expect(failure(() => rendered(made, of(count)))).toMatchObject({
      code: 'ARGUMENTS_UNPASSABLE',
      message: expect.stringMatching(new RegExp(`; at most ${bound}$`)),
    });
    expect(failure(() => rendered(made, of(count - 1)))).toBeUndefined();
  });

  test('the longest argument that Linux takes is taken', () => {
    const [word] = rendered(plan([{}]), JSON.stringify({ x: 'x'.repeat(LIMITS.programWordBytesMax - 4) }));
    expect(word).toHaveLength(LIMITS.programWordBytesMax);
  });

  test.each(['[]', '"x"', '{"y":1}', '{', '{"__proto__":1}'])('arguments that are %s', (json) => {
    expect(failure(() => rendered(plan([{}]), json))).toMatchObject({ code: 'ARGUMENTS_INVALID' });
  });
});

describe('numbers as Python spells them', () => {
  test.each([
    ['5.0', '5.0'],
    ['1e-7', '1e-07'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['1e16', '1e+16'],
    ['1E5', '100000.0'],
    ['-0', '0'],
    ['-0.0', '-0.0'],
    ['1.5e300', '1.5e+300'],
    ['123456789012345680.0', '1.2345678901234568e+17'],
    ['0.1000000000000000055', '0.1000000000000000055'],
  ])('%s is %s', (source, spelled) => {
    expect(pythonNumber(source)).toBe(spelled);
  });

  test('whole numbers keep their digits, and fractions are none', () => {
    expect(['5.0', '12e2', '0.5e1', '-3.0', '0.0', '1.5', '1e999'].map(wholeNumber)).toEqual([
      '5',
      '1200',
      '5',
      '-3',
      '0',
      undefined,
      undefined,
    ]);
  });
});
