import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { CliTool } from '#domain/cli-plugin/cli-tool.ts';
import type { ArgumentPlan } from '#domain/cli-plugin/plan.ts';
import { renderArguments } from '#domain/cli-plugin/render-arguments.ts';
import { discover, runProgram, startBatch } from './programs.ts';

/** Values that have become options, ended a list of them, or were lost, somewhere. */
const HOSTILE = [
  '--help',
  '-h',
  '--',
  '-',
  '- x',
  '-x y',
  '-1',
  '-5',
  '-.5',
  '-1e-5',
  '--cwd=/etc',
  '--cwd',
  '--to',
  '--to=x',
  '-n',
  '-n=3',
  '--dry_run_id=1',
  '--colour',
  '--no-colour',
  '-o',
  '-ofile',
  '=',
  '=x',
  '',
  ' ',
  '\n',
  '-\n',
  '--x\n',
  '@file',
  '+x',
  '/x',
  'a b',
  'a,b',
  '{a,b}',
  '"',
  "'",
  '\\',
  '$(id)',
  '`id`',
  '%s',
  '%(prog)s',
  'null',
  'é',
  '\u{1F600}',
  '\u202E',
  'run',
  'values',
  '--text',
  '--a=--b',
  '-v',
  '-vq',
  '--versio',
  '--new-tab',
  '--n',
  '...',
  '[x]',
  '\u2028',
  '\t',
  '\u0001',
  '~',
  '*',
  '?',
];

/** What may stand in a list beside others. */
const PLAIN = ['a', '', ' ', '-', '- x', '-5', '-.5', 'a b', '=', '@x', 'é', '\n', 'many', '[x]'];

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('-', '--', '--text=', '--to ', ''), fc.string({ unit: 'binary' }))
      .map((parts) => parts.join('')),
  },
);

/** What the program turns into numbers by itself; its help doesn't say so. */
const INTEGERS = ['values.count', 'values.n'];
const NUMBERS = ['values.ratio'];

function arbitraryOf(
  tool: CliTool,
  { property, style, choices, countMin = 0, countMax }: ArgumentPlan,
): fc.Arbitrary<Json> {
  const name = `${tool.name}.${property}`;
  if (INTEGERS.includes(name)) return fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String);
  if (NUMBERS.includes(name)) return fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
  if (choices !== undefined) return fc.constantFrom(...choices);
  if (style === 'flag' || style === 'flag-negated') return fc.boolean();
  if (style === 'value' || style === 'positional') return text;
  return fc.array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...PLAIN) }, { weight: 1, arbitrary: text }), {
    minLength: countMin,
    maxLength: countMax ?? 4,
  });
}

function argumentsOf(tool: CliTool): fc.Arbitrary<JsonObject> {
  const required = tool.inputSchema['required'];
  const requiredKeys = Array.isArray(required) ? (required as string[]) : [];
  const exclusive = ['left', 'right', 'or_that_very_long_option', 'either_this_very_long_option'];
  const used = tool.plan.arguments.filter(({ property }) => !exclusive.includes(property));
  const all = Object.fromEntries(used.map((plan) => [plan.property, arbitraryOf(tool, plan)]));
  const always = tool.name === 'group' ? { or_that_very_long_option: fc.constant(true) } : {};
  const members: { [name: string]: fc.Arbitrary<Json> } = { ...all, ...always };
  return fc.record(members, { requiredKeys: [...requiredKeys, ...Object.keys(always)] });
}

/** Where the program keeps a value under a name that its help doesn't tell. */
const KEPT_AS: { readonly [name: string]: string } = {
  'places.choice': 'kind',
  'minus.1': 'one',
  'group.a_place': 'place',
};

/** What the program should have understood of one argument; undefined where it is as if it weren't given. */
function understood(tool: CliTool, { property, style, countMin }: ArgumentPlan, value: Json): Json | undefined {
  const name = `${tool.name}.${property}`;
  if (name === 'flags.no_cache') return value === true ? false : undefined;
  if (name === 'flags.colour') return value;
  // It collects what is given more than once, which its help doesn't say.
  if (name === 'values.label') return [value];
  if (style === 'flag') return value === true ? true : undefined;
  if (INTEGERS.includes(name) || NUMBERS.includes(name)) return Number(value);
  const isEmpty = Array.isArray(value) && value.length === 0;
  return isEmpty && (countMin !== 0 || style === 'repeated' || style === 'positionals') ? undefined : value;
}

const { tools } = discover('idioms', { isDescribed: false });
const named = (name: string): CliTool => {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool;
};
const render = (name: string, args: JsonObject) => renderArguments(named(name).plan, JSON.stringify(args));

let batch: ReturnType<typeof startBatch>;
beforeAll(() => {
  batch = startBatch('idioms');
});
afterAll(() => batch[Symbol.dispose]());

const parsedBy = async (words: readonly string[]): Promise<JsonObject> => {
  const { code, stdout, stderr } = await batch.run(words);
  expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' });
  return JSON.parse(stdout) as JsonObject;
};

/** What the program understands when no more is given than must be. */
async function defaultsOf(tool: CliTool): Promise<JsonObject> {
  const least: { [name: string]: JsonObject } = {
    values: { mode: 'fast' },
    many: { to: ['x'], body: 'x' },
    places: { source: 'x', choice: 'a' },
    some: { names: ['x'] },
    run: { program: 'x' },
    group: {
      a_rather_long_name_of_an_option: 'x',
      another_rather_long_name: ['x'],
      or_that_very_long_option: true,
      a_place: 'x',
    },
    remote_add: { name: 'x' },
    remote_remove: { name: 'x' },
  };
  return parsedBy(renderArguments(tool.plan, JSON.stringify(least[tool.name] ?? {})));
}

describe('whatever values an agent sends', () => {
  test.each(tools.map((tool) => [tool.name, tool] as const))(
    '%s understands each as what it was meant for, byte for byte, or they are refused',
    async (_, tool) => {
      const defaults = await defaultsOf(tool);
      let passed = 0;
      await fc.assert(
        fc.asyncProperty(argumentsOf(tool), async (args) => {
          let words: readonly string[];
          try {
            words = renderArguments(tool.plan, JSON.stringify(args));
          } catch (thrown) {
            expect((thrown as SmcpError).code).toBe('ARGUMENTS_UNPASSABLE');
            return;
          }
          passed += 1;
          const meant = tool.plan.arguments.flatMap((plan) => {
            const value = args[plan.property];
            const kept = KEPT_AS[`${tool.name}.${plan.property}`] ?? plan.property;
            const means = value === undefined ? undefined : understood(tool, plan, value);
            return means === undefined ? [] : [[kept, means] as const];
          });
          expect(await parsedBy(words)).toEqual({ ...defaults, ...Object.fromEntries(meant) });
        }),
        { numRuns: 60 },
      );
      // Refusing everything would be no proof.
      expect(passed).toBeGreaterThan(10);
    },
  );

  test('they arrive through a real process as they are', () => {
    const words = HOSTILE.filter((word) => word !== '--');
    const args = { mode: 'fast', text: words.join('\n'), tag: words };
    const { exitCode, stdout, stderr } = runProgram('idioms', render('values', args));
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout.toString())).toMatchObject(args);
  });
});

describe('the negative control: the same values, said as two words', () => {
  test('become options', async () => {
    expect((await batch.run(['places', 'x', 'a', '--help'])).stdout).toContain('usage:');
    expect((await batch.run(['values', '--mode', 'fast', '--text', '--help'])).code).toBe(2);
    expect(await parsedBy(['run', '--cwd=/etc', 'ls'])).toMatchObject({ cwd: '/etc', program: 'ls' });
    expect(await parsedBy(render('run', { program: '--cwd=/etc', arguments: ['ls'] }))).toMatchObject({
      cwd: null,
      program: '--cwd=/etc',
      arguments: ['ls'],
    });
  });

  test('are lost but for the last, where the flag is repeated', async () => {
    expect(await parsedBy(['many', '--to', 'ana', '--to', 'bo', '--subject', 's', 'hi'])).toMatchObject({ to: ['bo'] });
    expect(await parsedBy(render('many', { to: ['ana', 'bo'], body: 'hi' }))).toMatchObject({ to: ['ana', 'bo'] });
  });
});

test('what Python before 3.12.5 drops, wherever it stands, is refused', () => {
  expect(() => render('places', { source: 'x', choice: 'a', target: '--' })).toThrow(SmcpError);
  expect(() => render('values', { mode: 'fast', text: '--' })).toThrow(SmcpError);
});
