import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { createForeignSchemaCompiler } from '#base/schema.ts';
import type { CliTool } from '#domain/cli-plugin/cli-tool.ts';
import { helpToAsk, inferTools } from '#domain/cli-plugin/infer-tools.ts';
import { parseCommandHelp } from '#domain/cli-plugin/parse-command-help.ts';
import { parseDescription } from '#domain/cli-plugin/parse-description.ts';
import { parseHelp } from '#domain/cli-plugin/parse-help.ts';
import { discover } from './programs.ts';

const toolOf = (tools: readonly CliTool[], name: string): CliTool => {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool;
};

/** The plan in one line for each argument. */
const planOf = ({ plan }: CliTool) =>
  plan.arguments.map(
    ({ property, spelling, style, type }) => `${property}: ${spelling === '' ? '' : `${spelling} `}${style} ${type}`,
  );

/** A tool of one described command, and of its help where it is given. */
function infer(parameters: readonly object[] | undefined, help?: string): CliTool {
  const description = parseDescription(JSON.stringify({ commands: [{ name: 'go', parameters }] }));
  if (description.kind !== 'description') throw new Error(JSON.stringify(description.problems));
  const commandHelps = new Map(help === undefined ? [] : [['go', parseCommandHelp(help, ['go'])]]);
  const { tools, problems } = inferTools({ plugin: 'p', description, commandHelps });
  expect(problems).toEqual([]);
  return toolOf(tools, 'go');
}

const argparse = (usage: string, ...entries: readonly string[]): string =>
  `usage: cli.py go [-h] ${usage}\n\noptions:\n  -h, --help  show this help message and exit\n${entries.map((entry) => `  ${entry}\n`).join('')}`;

describe('description and help together', () => {
  const { tools, problems } = discover('mail');

  test('give types from the one and styles from the other', () => {
    expect(problems).toEqual([]);
    expect(planOf(toolOf(tools, 'send'))).toEqual([
      'to: --to values array',
      'subject: --subject value string',
      'is_html: --is-html flag boolean',
      'cache: --no-cache flag-negated boolean',
      'priority: --priority value integer',
      'weight: --weight value number',
      'header: --header repeated array',
      'rules: --rules value array',
      'meta: --meta value object',
      'retry: --retry value boolean',
      'message: positional string',
    ]);
  });

  test('make a schema that takes nothing else, and that a compiler of foreign schemas takes', () => {
    const { inputSchema } = toolOf(tools, 'send');
    expect(inputSchema).toMatchObject({ additionalProperties: false, required: ['to', 'subject', 'message'] });
    const validate = createForeignSchemaCompiler()(inputSchema);
    expect(validate({ to: ['a'], subject: 's', message: 'm', is_html: true, header: ['x'] })).toEqual([]);
    expect(validate({ to: [], subject: 's', message: 'm' })).toHaveLength(1);
    expect(validate({ to: ['a'], subject: 's', message: 'm', more: 1 })).toHaveLength(1);
    expect(validate({ to: ['a'], subject: 's', message: 'm', is_html: 'yes' })).toHaveLength(1);
  });

  test('say where they disagree, and the help wins', () => {
    const { tools: found } = discover('lying');
    expect(found.map(({ name }) => name)).toEqual(['work']);
    const work = toolOf(found, 'work');
    expect(planOf(work)).toEqual([
      'force: --force flag boolean',
      'level: --level value boolean',
      'names: --names values string',
      'one: --one repeated array',
      'optional: --optional value string',
      'gone: --gone value string',
      'needed: --needed value string',
    ]);
    expect(work.inputSchema['required']).toEqual(['optional', 'needed']);
    for (const name of ['force', 'level', 'names', 'one', 'optional', 'gone', 'needed']) {
      expect(work.notes.filter((note) => note.startsWith(`${name}: `))).toHaveLength(1);
    }
  });

  test('take all from the help where the description says nothing of parameters', () => {
    const { tools: found } = discover('partial');
    expect(planOf(toolOf(found, 'open'))).toEqual([
      'new_tab: --new-tab flag boolean',
      'width: --width value string',
      'url: positional string',
    ]);
    expect(toolOf(found, 'wait').inputSchema['properties']).toEqual({});
  });

  test.each<[string, object, string, string]>([
    [
      'the spelling of the help',
      { name: 'dry_run', type: 'string' },
      argparse('[--dry_run X]', '--dry_run X'),
      'dry_run: --dry_run value string',
    ],
    ['the long spelling', { name: 'out' }, argparse('[-o X]', '-o X, --out X'), 'out: --out value string'],
    [
      'a short one, where there is no long one',
      { name: 'n', type: 'integer' },
      argparse('[-n N]', '-n N'),
      'n: -n value integer',
    ],
    [
      'the flag that says no',
      { name: 'no_x', type: 'boolean' },
      argparse('[--x | --no-x]', '--x, --no-x'),
      'no_x: --no-x flag boolean',
    ],
    [
      'the flag that is stored as false',
      { name: 'x', type: 'boolean', action: 'store_false' },
      argparse('[--x]', '--x'),
      'x: --x flag-negated boolean',
    ],
    [
      'one of many',
      { name: 'x', type: 'integer' },
      argparse('[--x X [X ...]]', '--x X [X ...]'),
      'x: --x values integer',
    ],
    ['exactly two', { name: 'x', type: 'string' }, argparse('[--x A B]', '--x A B'), 'x: --x values array'],
    ['the rest', { name: 'x' }, argparse('[--x ...]', '--x ...'), 'x: --x remainder array'],
  ])('take %s', (_, parameter, help, plan) => {
    expect(planOf(infer([parameter], help))).toEqual([plan]);
  });

  test('know a flag of which both ways can be said', () => {
    expect(
      infer([{ name: 'x', type: 'boolean' }], argparse('[--x | --no-x]', '--x, --no-x')).plan.arguments[0],
    ).toMatchObject({
      style: 'flag',
      spelling: '--x',
      negative: '--no-x',
    });
  });

  test('add no option that the description leaves out, unless it is required', () => {
    const help = argparse('[--a A] --b B c', '--a A', '--b B').replace(
      'options:',
      'positional arguments:\n  c\n\noptions:',
    );
    expect(planOf(infer([], help))).toEqual(['b: --b value string', 'c: positional string']);
  });
});

describe('a description alone', () => {
  test.each<[object, string]>([
    [{ name: 'a_b' }, 'a_b: --a-b value string'],
    [{ name: 'x', type: 'boolean' }, 'x: --x flag boolean'],
    [{ name: 'x', type: 'boolean', arg_style: 'value' }, 'x: --x value boolean'],
    [{ name: 'x', type: 'boolean', takes_value: true }, 'x: --x value boolean'],
    [{ name: 'x', type: 'boolean', action: 'store_false' }, 'x: --x flag-negated boolean'],
    [{ name: 'x', action: 'store_true' }, 'x: --x flag boolean'],
    [{ name: 'x', arg_style: 'flag' }, 'x: --x flag boolean'],
    [{ name: 'x', takes_value: false }, 'x: --x flag boolean'],
    [{ name: 'x', type: 'array' }, 'x: --x repeated array'],
    [{ name: 'x', type: 'array', nargs: '+' }, 'x: --x values array'],
    [{ name: 'x', type: 'array', nargs: 2 }, 'x: --x values array'],
    [{ name: 'x', action: 'append' }, 'x: --x repeated array'],
    [{ name: 'x', type: 'object' }, 'x: --x value object'],
  ])('%j gives a style', (parameter, plan) => {
    const tool = infer([parameter]);
    expect(planOf(tool)).toEqual([plan]);
    expect(tool.plan).toMatchObject({ parser: 'unknown', arguments: [{ takesEquals: false }] });
    expect(tool.notes.join()).toContain('taken from the description');
  });

  test('passes on choices, items and defaults where they fit the type', () => {
    const properties = infer([
      { name: 'a', choices: ['x', 'y'], default: 'x' },
      { name: 'b', type: 'integer', enum: [1, 'x'], default: 'three' },
      { name: 'c', type: 'array', items: { type: 'number' }, default: [1] },
    ]).inputSchema['properties'];
    expect(properties).toEqual({
      a: { type: 'string', enum: ['x', 'y'], default: 'x' },
      b: { type: 'integer' },
      c: { type: 'array', items: { type: 'number' }, default: [1] },
    });
  });
});

test('what is described as a list of integers is planned as one', () => {
  const lists = ['integer', 'number'].map((type) => ({ name: type, type: 'array', items: { type } }));
  expect(infer(lists).plan.arguments.map(({ itemType }) => itemType)).toEqual(['integer', undefined]);
});

describe('help alone', () => {
  const { tools, problems, sources } = discover('idioms', { isDescribed: false });

  test('makes tools of all commands, and of those below a command', () => {
    expect(problems).toEqual([]);
    expect(tools.map(({ name }) => name)).toEqual([
      'values',
      'flags',
      'many',
      'places',
      'run',
      'rest',
      'wrap',
      'minus',
      'group',
      'remote_add',
      'remote_remove',
      'some',
    ]);
    expect(toolOf(tools, 'remote_add').plan.command).toEqual(['remote', 'add']);
    expect(helpToAsk(sources)).toEqual([]);
  });

  test('takes the words of the help, its choices and what excludes each other', () => {
    const { inputSchema } = toolOf(tools, 'values');
    expect(inputSchema['required']).toEqual(['mode']);
    expect((inputSchema['properties'] as JsonObject)['mode']).toEqual({ type: 'string', enum: ['fast', 'slow'] });
    expect(toolOf(tools, 'flags').description).toBe('Options without values (Give at most one of: left, right.)');
  });

  test('leaves out what has no help of its own, and says so', () => {
    const help = parseHelp('Available commands:\n  go  Go\n  stay  Stay\n');
    const commandHelps = new Map([['go', parseCommandHelp('nothing', ['go'])]]);
    const found = inferTools({ plugin: 'p', help, commandHelps });
    expect(found.tools).toEqual([]);
    expect(found.problems.map(({ pointer, source }) => `${source} ${pointer}`)).toEqual(['--help /go', '--help /stay']);
  });

  test('leaves out commands below one that must be given more before them', () => {
    const help = parseHelp('usage: x [-h] {db} ...\n\npositional arguments:\n  {db}\n    db  Data\n');
    const db =
      'usage: x db [-h] --url URL {get} ...\n\npositional arguments:\n  {get}\n    get  Get\n\noptions:\n  -h, --help  show this help message and exit\n  --url URL\n';
    const get = 'usage: x db get [-h]\n\noptions:\n  -h, --help  show this help message and exit\n';
    const commandHelps = new Map([
      ['db', parseCommandHelp(db, ['db'])],
      ['db get', parseCommandHelp(get, ['db', 'get'])],
    ]);
    const found = inferTools({ plugin: 'p', help, commandHelps });
    expect(found).toMatchObject({
      tools: [],
      problems: [{ pointer: '/db/get', message: expect.stringContaining('--url') }],
    });
  });
});

describe('names that no tool can have are reported, and the tool is left out', () => {
  const described = (plugin: string, names: readonly string[]) => {
    const description = parseDescription(JSON.stringify({ commands: names.map((name) => ({ name })) }));
    if (description.kind !== 'description') throw new Error('unreadable');
    return inferTools({ plugin, description, commandHelps: new Map() });
  };

  test.each([
    ['too long', 'a-plugin-with-a-name', 'x'.repeat(43)],
    ['the name of the server', 'smcp', 'go'],
    ['two underscores in the name of the plugin', 'a__b', 'go'],
    ['an underscore at its end', 'a_', 'go'],
    ['a dot', 'a.b', 'go'],
  ])('%s', (_, plugin, name) => {
    expect(described(plugin, [name])).toMatchObject({ tools: [], problems: [{ pointer: '/commands/0' }] });
  });

  test('and 64 characters are not too long', () => {
    expect(described('a-plugin-with-a-name', ['x'.repeat(42)]).tools).toHaveLength(1);
  });

  test('two commands that would be one tool', () => {
    const help = parseHelp('usage: x [-h] {a,a_b} ...\n\npositional arguments:\n  {a,a_b}\n    a  A\n    a_b  B\n');
    const leaf = (word: string) => `usage: x ${word} [-h]\n\noptions:\n  -h, --help  show this help message and exit\n`;
    const a = 'usage: x a [-h] {b} ...\n\npositional arguments:\n  {b}\n    b  B\n';
    const commandHelps = new Map([
      ['a', parseCommandHelp(a, ['a'])],
      ['a b', parseCommandHelp(leaf('a b'), ['a', 'b'])],
      ['a_b', parseCommandHelp(leaf('a_b'), ['a_b'])],
    ]);
    const found = inferTools({ plugin: 'p', help, commandHelps });
    expect(found.tools).toEqual([]);
    expect(found.problems).toHaveLength(2);
  });
});
