import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { CommandHelp } from '#domain/cli-plugin/command-help.ts';
import { parseCommandHelp } from '#domain/cli-plugin/parse-command-help.ts';
import { parseHelp } from '#domain/cli-plugin/parse-help.ts';
import { outputOf } from './programs.ts';

/** What `test/fixtures/cli-plugins/idioms/cli.py` prints for each command, by argparse of that version; 3.14 colours it. */
const VERSIONS = ['3.9', '3.11', '3.13', '3.14'] as const;
const recorded = (version: string): { readonly [command: string]: string } =>
  JSON.parse(
    readFileSync(new URL(`../../fixtures/cli-plugins/versions/python-${version}.json`, import.meta.url), 'utf8'),
  );

const namesOf = (text: string) => {
  const help = parseHelp(text);
  return help.kind === 'help' ? help.commands.map(({ name }) => name) : help.kind;
};

const helpOf = (text: string, ...command: string[]): CommandHelp => {
  const help = parseCommandHelp(text, command);
  if (help.kind !== 'command-help') throw new Error(help.reason);
  return help;
};

/** Spellings, values and need in one line. */
const optionsOf = ({ options }: CommandHelp) =>
  options.map(({ spellings, negative, arity, choices, isRequired }) =>
    [
      spellings.join(' '),
      negative ?? [],
      arity.kind,
      'min' in arity ? [arity.min, arity.max ?? 'up'] : [],
      choices ?? [],
      isRequired ? '!' : [],
    ]
      .flat()
      .join(' '),
  );
const positionalsOf = ({ positionals }: CommandHelp) =>
  positionals.map(({ name, arity, isRequired }) => `${name} ${arity.kind}${isRequired ? ' !' : ''}`);

describe.each(VERSIONS)('the help of Python %s', (version) => {
  const texts = recorded(version);
  const of = (command: string) => helpOf(texts[command] ?? '', ...command.split(' '));

  test('names the commands, with what each does and its other names', () => {
    const help = parseHelp(texts[''] ?? '');
    if (help.kind !== 'help') throw new Error('unreadable');
    expect(help.commands).toHaveLength(11);
    expect(help.commands[1]).toEqual({ name: 'flags', aliases: ['fl'], description: 'Options without values' });
    expect(help.commands.map(({ name }) => name)).not.toContain('fl');
    expect(help.commands.at(-1)).toEqual({ name: 'some', aliases: [] });
  });

  test('tells values from flags, and how many values there are', () => {
    expect(optionsOf(of('values'))).toEqual([
      '--text one',
      '-o --output one',
      '--dry_run_id one',
      '--count one',
      '--ratio one',
      '--mode one fast slow !',
      '--maybe maybe',
      '-n one',
      '--tag one',
      '--label one',
    ]);
    expect(optionsOf(of('flags'))).toEqual([
      '--new-tab none',
      '--no-cache none',
      '--colour --no-colour none',
      '-v --verbose none',
      '-q none',
      '--left none',
      '--right none',
    ]);
    expect(optionsOf(of('many'))).toEqual([
      '--to many 1 up !',
      '--cc many 0 up',
      '--pair many 2 2',
      '--point many 2 2',
      '--subject one',
    ]);
    expect(optionsOf(of('wrap'))).toEqual(['--name one', '--args rest']);
  });

  test('names what is positional, in its order', () => {
    expect(positionalsOf(of('many'))).toEqual(['body one !', 'files many']);
    expect(positionalsOf(of('places'))).toEqual(['source one !', '{a,b} one !', 'target maybe', 'note maybe']);
    expect(of('places').positionals[1]?.choices).toEqual(['a', 'b']);
    expect(positionalsOf(of('some'))).toEqual(['names many !']);
    expect(positionalsOf(of('run'))).toEqual(['program one !', 'arguments rest']);
    expect(positionalsOf(of('rest'))).toEqual(['words rest']);
  });

  test('says more in its texts', () => {
    const { options } = of('values');
    expect(options[3]).toMatchObject({ help: 'how often (default: 3)', defaultText: '3' });
    expect(options[8]).toMatchObject({ isRepeatable: true });
    expect(options[9]).toMatchObject({ isRepeatable: false });
    expect(of('flags').exclusive).toEqual([{ spellings: ['--left', '--right'], isRequired: false }]);
    expect(of('minus').hasNumberOptions).toBe(true);
    expect(of('many')).toMatchObject({ parser: 'argparse', prefixes: '-', hasNumberOptions: false });
  });

  test('is read over many lines and groups', () => {
    const group = of('group');
    expect(optionsOf(group)).toEqual([
      '--either-this-very-long-option one',
      '--or-that-very-long-option none',
      '--a-rather-long-name-of-an-option one !',
      '--another-rather-long-name many 1 up !',
    ]);
    expect(positionalsOf(group)).toEqual(['<a place> one !']);
    expect(group.exclusive).toEqual([
      { spellings: ['--either-this-very-long-option', '--or-that-very-long-option'], isRequired: true },
    ]);
  });

  test('names commands below a command', () => {
    expect(of('remote').subcommands).toEqual([
      { name: 'add', aliases: [], description: 'Add one' },
      { name: 'remove', aliases: ['rm'], description: 'Remove one' },
    ]);
    expect(positionalsOf(of('remote'))).toEqual([]);
    expect(positionalsOf(of('remote add'))).toEqual(['name one !']);
  });
});

test.each([30, 40, 60, 120, 1000])('the width of the terminal (%i) makes no difference', (columns) => {
  for (const command of ['values', 'many', 'group', 'places']) {
    const { options, positionals, exclusive } = helpOf(outputOf('idioms', [command, '--help'], columns), command);
    const wide = helpOf(recorded('3.11')[command] ?? '', command);
    expect({ options, positionals, exclusive }).toEqual({
      options: wide.options,
      positionals: wide.positionals,
      exclusive: wide.exclusive,
    });
  }
});

describe('commands are found', () => {
  test('under a title of the author', () => {
    expect(parseHelp(outputOf('mail', ['--help']))).toMatchObject({
      commands: [
        { name: 'send', description: 'Send a mail to people' },
        { name: 'list', description: 'List mails' },
      ],
    });
  });

  test('among the choices of an argument, described by a list that is written by hand', () => {
    expect(parseHelp(outputOf('one-parser', ['--help']))).toMatchObject({
      commands: [
        { name: 'read', description: 'Read a page' },
        { name: 'write', description: 'Write a page' },
      ],
    });
  });

  test('in a list that is written by hand, and nothing else', () => {
    expect(parseHelp(outputOf('by-hand', ['--help']))).toMatchObject({
      commands: [
        { name: 'note', description: 'Take a note' },
        { name: 'forget', description: 'Forget it all' },
      ],
    });
    expect(
      namesOf('A tool.\n\n  Available commands:\n    one    The first\n    two <x>  The second\n\nMore:\n  three  No'),
    ).toEqual(['one', 'two']);
  });

  test('nowhere, where there are none', () => {
    expect(namesOf('')).toEqual([]);
    expect(namesOf('usage: x [-h] [--mode {a,b}] name\n\noptions:\n  -h  help')).toEqual([]);
  });

  test('and left out where the name could not be a command', () => {
    const help = parseHelp('Available commands:\n  --help  x\n  sound  y\n  a/b  z\n');
    expect(help).toMatchObject({ commands: [{ name: 'sound' }], problems: [{ pointer: '/a/b' }] });
  });
});

describe('the help of a command', () => {
  test('that is the one of the program is not taken for it', () => {
    const text = recorded('3.11')[''] ?? '';
    expect(parseCommandHelp(text, ['values'])).toEqual({
      kind: 'unreadable',
      reason: expect.stringContaining('of the program'),
    });
  });

  test('that all commands share is read without the word of the command', () => {
    const help = helpOf(outputOf('one-parser', ['read', '--help']), 'read');
    expect(positionalsOf(help)).toEqual(['title maybe']);
    expect(help.commandSlot).toBe('choices');
  });

  test('that is no help is not read', () => {
    expect(parseCommandHelp('Traceback (most recent call last):', ['x'])).toMatchObject({ kind: 'unreadable' });
    expect(parseCommandHelp(' '.repeat(LIMITS.cliHelpLengthMax + 1), ['x'])).toMatchObject({ kind: 'unreadable' });
  });

  test('of click and optparse is read, but not for argparse', () => {
    const click =
      'Usage: cli.py send [OPTIONS] BODY\n\n  Send it.\n\nOptions:\n  --to TEXT  Who\n  --loud     Shout\n  --help     Show this message and exit.\n';
    expect(helpOf(click, 'send')).toMatchObject({ parser: 'alike' });
    expect(optionsOf(helpOf(click, 'send'))).toEqual(['--to one', '--loud none']);
    const byHand = 'Usage: cli.py send --to X\n\nOptions:\n  --to=X  Who\n';
    expect(helpOf(byHand, 'send')).toMatchObject({
      parser: 'unknown',
      options: [{ spellings: ['--to'], arity: { kind: 'one' } }],
    });
  });

  test('with other prefixes says so', () => {
    const text = 'usage: x go [-h] [+f F]\n\noptions:\n  -h, --help  show this help message and exit\n  +f F\n';
    expect(helpOf(text, 'go').prefixes).toBe('-+');
  });

  test('with too many options is not read', () => {
    const text = `usage: x go [-h]\n\noptions:\n${Array.from({ length: 200 }, (_, at) => `  --o${at} X\n`).join('')}`;
    expect(parseCommandHelp(text, ['go'])).toMatchObject({ kind: 'unreadable' });
  });
});
