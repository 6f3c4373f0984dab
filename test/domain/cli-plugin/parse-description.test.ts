import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { parseDescription } from '#domain/cli-plugin/parse-description.ts';
import { outputOf } from './programs.ts';

const parse = (value: unknown) => parseDescription(JSON.stringify(value));
const command = (fields: object) => parse({ commands: [{ name: 'sound' }, { name: 'go', ...fields }] });
const parameter = (fields: object) => command({ parameters: [{ name: 'p', ...fields }] });
const namesOf = (reading: ReturnType<typeof parseDescription>) =>
  reading.kind === 'description' ? reading.commands.map(({ name }) => name) : reading.kind;
const pointersOf = ({ problems }: ReturnType<typeof parseDescription>) => problems.map(({ pointer }) => pointer);

test('what a program prints becomes commands with their parameters', () => {
  const reading = parseDescription(outputOf('mail', ['--describe']));
  expect(reading).toMatchObject({ kind: 'description', plugin: { name: 'mail', version: '2.1.0' }, problems: [] });
  if (reading.kind !== 'description') return;
  expect(namesOf(reading)).toEqual(['send', 'list']);
  expect(reading.commands[0]?.parameters?.[0]).toEqual({
    name: 'to',
    type: 'array',
    isRequired: true,
    description: 'Recipients',
    items: { type: 'string' },
  });
});

test('more keys are allowed everywhere, and null is as good as absent', () => {
  const reading = parse({
    x: 1,
    plugin: { y: 2 },
    commands: [{ name: 'a', z: 3, parameters: [{ name: 'b', type: null, w: 4 }] }],
  });
  expect(reading).toMatchObject({
    kind: 'description',
    commands: [{ name: 'a', parameters: [{ name: 'b' }] }],
    problems: [],
  });
});

describe('a command with a fault is left out whole, and the pointer names the field', () => {
  test.each<[string, object, string]>([
    ['no name', { name: undefined }, '/commands/1/name'],
    ['a name of another type', { name: 5 }, '/commands/1/name'],
    ['an empty name', { name: '' }, '/commands/1/name'],
    ['a name with a space', { name: 'a b' }, '/commands/1/name'],
    ['a name that is an option', { name: '--describe' }, '/commands/1/name'],
    ['a description of another type', { description: [] }, '/commands/1/description'],
    ['parameters that are no list', { parameters: {} }, '/commands/1/parameters'],
    [
      'too many parameters',
      { parameters: Array.from({ length: LIMITS.cliParametersMax + 1 }, (_, at) => ({ name: `p${at}` })) },
      '/commands/1/parameters',
    ],
    ['a parameter that is no object', { parameters: ['x'] }, '/commands/1/parameters/0'],
    [
      'two parameters that are spelled alike',
      { parameters: [{ name: 'a-b' }, { name: 'a_b' }] },
      '/commands/1/parameters/1/name',
    ],
  ])('%s', (_, fields, pointer) => {
    const reading = command(fields);
    expect(namesOf(reading)).toEqual(['sound']);
    expect(pointersOf(reading)).toContain(pointer);
  });

  test.each<[string, object, string]>([
    ['a name that is an option', { name: '--p' }, 'name'],
    ['a name with a space', { name: 'p q' }, 'name'],
    ['a name with a line break', { name: 'p\nq' }, 'name'],
    ['a long name', { name: 'p'.repeat(65) }, 'name'],
    ['a reserved name', { name: 'help' }, 'name'],
    ['a name that reaches a prototype', { name: '__proto__' }, 'name'],
    ['a type that there is not', { type: 'str' }, 'type'],
    ['a type of another type', { type: ['string'] }, 'type'],
    ['required, in words', { required: 'yes' }, 'required'],
    ['items that are no object', { items: 'string' }, 'items'],
    ['a style that there is not', { arg_style: 'both' }, 'arg_style'],
    ['takes_value, in words', { takes_value: 'no' }, 'takes_value'],
  ])('a parameter with %s', (_, fields, key) => {
    const reading = parameter(fields);
    expect(namesOf(reading)).toEqual(['sound']);
    expect(pointersOf(reading)).toEqual([`/commands/1/parameters/0/${key}`]);
  });

  test('two commands of one name: neither is listed', () => {
    const reading = parse({ commands: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] });
    expect(namesOf(reading)).toEqual(['b']);
    expect(pointersOf(reading)).toEqual(['/commands/0/name', '/commands/2/name']);
  });
});

describe('a description that can not be used at all says why', () => {
  test.each<[string, string, string]>([
    ['no JSON', 'usage: cli.py [-h]', ''],
    ['nothing', '', ''],
    ['two documents', '{"commands":[]} {}', ''],
    ['a list', '[]', ''],
    ['no commands', '{}', '/commands'],
    ['commands that are no list', '{"commands":{}}', '/commands'],
    ['another contract', '{"contract_version":"2.0","commands":[]}', '/contract_version'],
    ['a plugin that is no object', '{"plugin":"x","commands":[]}', '/plugin'],
    ['a key twice', '{"commands":[],"commands":[]}', ''],
    ['half a character', '{"commands":[{"name":"\\ud800"}]}', ''],
    ['a number of Python', '{"commands":[],"x":NaN}', ''],
    ['a deep nest', `{"commands":[],"x":${'['.repeat(5_000)}`, ''],
    ['too much', `{"commands":[],"x":"${'x'.repeat(LIMITS.cliDescriptionLengthMax)}"}`, ''],
    [
      'too many commands',
      JSON.stringify({
        commands: Array.from({ length: LIMITS.toolsPerPluginMax + 1 }, (_, at) => ({ name: `c${at}` })),
      }),
      '/commands',
    ],
  ])('%s', (_, text, pointer) => {
    const reading = parseDescription(text);
    expect(reading.kind).toBe('unreadable');
    expect(pointersOf(reading)).toEqual([pointer]);
  });

  test('and shows no control characters of it', () => {
    const [problem] = parse({ commands: [{ name: 'a\u001b[31m\u202e' }] }).problems;
    expect(problem?.message).toContain('\\u001b');
    expect(JSON.stringify(problem)).not.toMatch(/[\u202e]/u);
  });
});
