// What a plugin prints may be made to make a parser slow, deep or wrong. Work is counted in steps of our code, since it is done
// in the thread that serves agents.

import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { CommandHelpReading } from '#domain/cli-plugin/command-help.ts';
import { inferTools } from '#domain/cli-plugin/infer-tools.ts';
import { type Answer, type HeardAnswer, hear, readInterview, wordsToAsk } from '#domain/cli-plugin/interview.ts';
import { parseCommandHelp } from '#domain/cli-plugin/parse-command-help.ts';
import { parseDescription } from '#domain/cli-plugin/parse-description.ts';
import { parseHelp } from '#domain/cli-plugin/parse-help.ts';
import { createStepCounter } from './steps.ts';

const SIZE = LIMITS.cliHelpLengthMax;
const filled = (head: string, piece: string, tail = ''): string =>
  head + piece.repeat(Math.floor((SIZE - head.length - tail.length) / piece.length)) + tail;

/** As many lines of a list as there may be arguments. */
const names = (line: (at: number) => string): string =>
  Array.from({ length: LIMITS.cliParametersMax - 1 }, (_, at) => `  ${line(at)}\n`).join('');

const OPTIONS = `options:\n${names((at) => `--p${at}`)}`;

const HOSTILE: readonly (readonly [string, string])[] = [
  ['one long line', filled('usage: ', 'x')],
  ['open brackets', filled('usage: x go ', '[')],
  ['closing brackets', filled('usage: x go ', ']')],
  ['brackets in brackets', filled('usage: x go ', '[a ')],
  ['braces', filled('usage: x go ', '{')],
  ['many choices', filled('usage: x {', 'a,', 'b} ...')],
  ['many lists of choices', filled('usage: x ', '{a} ')],
  ['many positionals', filled('usage: x go ', 'a ', '\n\npositional arguments:\n  a\n')],
  ['the same positional often', filled('usage: x go a\n\npositional arguments:\n', '  a\n')],
  [
    'many words and names',
    `usage: x go ${'a '.repeat(SIZE / 4)}\n\npositional arguments:\n${'  b\n'.repeat(SIZE / 9)}`,
  ],
  ['many rests', filled('usage: x go ', '... ', '\n\npositional arguments:\n  a\n')],
  [
    'many commands and rests',
    filled('usage: x go', ' {a} ...', `\n\npositional arguments:\n${'  b\n'.repeat(SIZE / 9)}`),
  ],
  [
    'many flags with many opposites',
    `options:\n  ${Array.from({ length: SIZE / 16 }, (_, at) => `--no-${at}`).join(', ')}\n`,
  ],
  ['bars', filled('usage: x go [-a', ' | -a', ']')],
  ['many options', filled('options:\n', '  -a\n')],
  ['one option with many spellings', filled('options:\n  -a', ', -a')],
  ['one option with many values', filled('options:\n  -a', ' X')],
  ['many sections', filled('', 'a:\n')],
  ['many sections of commands', filled('', 'commands:\n x\n')],
  ['white space', filled('usage:', ' ', 'x')],
  ['tabs', filled('options:\n', '\t', 'x')],
  ['line breaks', filled('usage: x\n', '\n')],
  ['carriage returns', filled('usage: x', '\r')],
  ['escapes that don’t end', filled('', '\u001b[')],
  ['escapes with parameters', filled('\u001b[', '1;')],
  ['titles that don’t end', filled('', '\u001b]')],
  ['defaults that don’t end', filled('options:\n  -a A  ', '(default: ')],
  ['dashes', filled('usage: x go [', '-', ']\n\noptions:\n  --\n  -\n')],
  ['zeros', filled('usage: ', '\0')],
  ['half characters', filled('usage: ', '\ud800')],
  [
    'many long names that begin alike, and nearly stand in the usage',
    filled(`usage: x go ${'x '.repeat(1000)}\n\npositional arguments:\n`, `  ${'x '.repeat(240)}y\n`),
  ],
  [
    'many names of some words that begin alike, and nearly stand in the usage',
    `usage: x go ${'x '.repeat(1000)}\n\npositional arguments:\n${names((at) => `${'x '.repeat(LIMITS.cliNameWordsMax - 1)}y${at}`)}`,
  ],
  [
    'many rests, and names that all stand in the usage',
    `usage: x go ${names((at) => `a${at}`).replaceAll('\n', '')} z${' ...'.repeat(800)}\n\npositional arguments:\n${names((at) => `a${at} b`)}`,
  ],
  [
    'one option that has a long value, given often',
    filled(`usage: x go ${'-a y '.repeat(500)}\n\noptions:\n  -a [`, 'v', ']\n'),
  ],
  [
    'names that nearly stand in a long word of the usage',
    `usage: x go ${'a'.repeat(SIZE / 4)}[${'a'.repeat(SIZE / 4)}\n\npositional arguments:\n${names((at) => `${'a'.repeat(200)}${at}`)}`,
  ],
  ['one group of options over and over', filled(`usage: x go`, ' [--p1 | --p2 | --p3]', `\n\n${OPTIONS}`)],
  ['a group of one option over and over', filled(`usage: x go [--p1`, ' | --p1', `]\n\n${OPTIONS}`)],
  [
    'options with long spellings',
    `options:\n${names((at) => `--${'-'.repeat(240)}p${at}, --q${'-'.repeat(200)}${at}`)}`,
  ],
];

/** A command whose parameters are looked for in the help of it. */
const DESCRIBED: Answer = {
  kind: 'text',
  text: JSON.stringify({
    commands: [
      {
        name: 'go',
        parameters: Array.from({ length: LIMITS.cliParametersMax }, (_, at) => ({ name: `p${at}`, type: 'boolean' })),
      },
    ],
  }),
};

/** Each is a loop over the text, once or a few times. */
const STEPS_PER_CHARACTER_MAX = 32;

const counter = createStepCounter('/src/domain/cli-plugin/');
afterAll(() => counter[Symbol.dispose]());

describe('a hostile text of help', () => {
  test.each(HOSTILE)('is read to its end, within its bounds: %s', (_, text) => {
    const help = parseHelp(text);
    if (help.kind === 'help') expect(help.commands.length).toBeLessThanOrEqual(LIMITS.toolsPerPluginMax);
    const reading = parseCommandHelp(text, ['go']);
    if (reading.kind !== 'command-help') return expect(reading.reason).not.toBe('');
    expect(reading.options.length).toBeLessThanOrEqual(LIMITS.cliParametersMax);
    expect(reading.positionals.length).toBeLessThanOrEqual(LIMITS.cliParametersMax);
  });

  test.each(HOSTILE)('costs work in its length only, however it is made: %s', (_, text) => {
    const commands = { kind: 'text', text: 'Available commands:\n  go  Go\n' } as const;
    const steps = counter.stepsOf(() => {
      for (const [described, help] of [
        [DESCRIBED, { kind: 'text', text }],
        [{ kind: 'silent', reason: '' } as const, commands],
      ] as const) {
        const heard = new Map<string, HeardAnswer>([
          ['--describe', hear(['--describe'], described)],
          ['--help', hear(['--help'], help)],
          ['go --help', hear(['go', '--help'], { kind: 'text', text })],
        ]);
        // What was read is not read again, however often it is asked what is open.
        for (let round = 0; round < 10; round += 1) wordsToAsk('p', heard);
        readInterview('p', heard);
      }
    });
    expect(steps).toBeGreaterThan(0);
    // The text was read three times.
    expect(steps).toBeLessThan(3 * STEPS_PER_CHARACTER_MAX * SIZE);
  });

  test('makes no tool whose name or arguments are unsound, whatever it says', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'usage: ',
        'cli.py ',
        'go ',
        '[-h] ',
        '[',
        ']',
        '{go,b}',
        ' ...',
        '--x',
        '-y',
        ' X',
        '(',
        ' | ',
        ')',
        '\n',
        '\n\n',
        '  ',
        '    ',
      ),
      fc.constantFrom(
        'positional arguments:\n',
        'options:\n',
        'commands:\n',
        '__proto__',
        'constructor',
        '--help',
        '--no-x',
        'show this help message and exit',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    const text = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (top, own) => {
        const commandHelps = new Map<string, CommandHelpReading>([['go', parseCommandHelp(own, ['go'])]]);
        const { tools } = inferTools({
          plugin: 'p',
          help: parseHelp(`${top}\nAvailable commands:\n  go  Go\n`),
          commandHelps,
        });
        for (const { name, plan } of tools) {
          expect(name).toMatch(/^[a-zA-Z0-9_-]{1,61}$/);
          for (const { property, spelling } of plan.arguments) {
            expect(property).toMatch(/^[a-zA-Z0-9_.][a-zA-Z0-9_.-]{0,63}$/);
            expect(['__proto__', 'help']).not.toContain(property);
            expect(spelling).toMatch(/^$|^-[^\s=\p{Cc}]+$/u);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

test('a hostile description is read or refused, whatever it says', () => {
  const key = fc.constantFrom('commands', 'name', 'parameters', 'type', 'items', 'required', '__proto__', 'x');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      fc.constantFrom<unknown>('a', '--a', 'string', 'array', null, true, 1, '__proto__'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    ),
  }));
  const command = fc.record(
    { name: value, parameters: fc.array(fc.record({ name: value, type: value }, { requiredKeys: [] })) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(value, fc.record({ commands: fc.array(fc.oneof(command, value)) })), (description) => {
      const reading = parseDescription(JSON.stringify(description));
      if (reading.kind === 'unreadable') {
        expect(reading.problems.length).toBeGreaterThan(0);
        return;
      }
      for (const { name, parameters = [] } of reading.commands) {
        expect(name).toMatch(/^[a-zA-Z0-9_][a-zA-Z0-9_-]*$/);
        for (const one of parameters) expect(one.name).toMatch(/^[a-zA-Z0-9_.][a-zA-Z0-9_.-]{0,63}$/);
      }
    }),
    { numRuns: 2_000 },
  );
});
