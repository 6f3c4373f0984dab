// What the help of a program tells of commands, and what it can't tell: which then is left out, or noted.

import { describe, expect, test } from 'vitest';
import type { CliTool } from '#domain/cli-plugin/cli-tool.ts';
import { inferTools } from '#domain/cli-plugin/infer-tools.ts';
import { parseCommandHelp } from '#domain/cli-plugin/parse-command-help.ts';
import { parseDescription } from '#domain/cli-plugin/parse-description.ts';
import { parseHelp } from '#domain/cli-plugin/parse-help.ts';

/** The plan in one line for each argument. */
const planOf = ({ plan }: CliTool) =>
  plan.arguments.map(
    ({ property, spelling, style, type }) => `${property}: ${spelling === '' ? '' : `${spelling} `}${style} ${type}`,
  );

const argparse = (usage: string, ...entries: readonly string[]): string =>
  `usage: cli.py go [-h] ${usage}\n\noptions:\n  -h, --help  show this help message and exit\n${entries.map((entry) => `  ${entry}\n`).join('')}`;

describe('what stands before the command, which no tool gives', () => {
  const foundUnder = (usage: string, option: string, described?: string) => {
    const leaf = argparse('[--to TO] [-v]', '--to TO', '-v');
    const top = `usage: cli.py [-h] ${usage} {go} ...\n\npositional arguments:\n  {go}\n    go  Goes\n\noptions:\n  -h, --help  show this help message and exit\n${option}`;
    const description = described === undefined ? undefined : parseDescription(described);
    return inferTools({
      ...{ plugin: 'p', help: parseHelp(top), commandHelps: new Map([['go', parseCommandHelp(leaf, ['go'])]]) },
      ...(description?.kind === 'description' ? { description } : {}),
    });
  };

  test.each([
    ['an option', '--config C', '  --config C\n', '--config'],
    ['one option of several', '(--a | --b)', '  --a\n  --b\n', 'one of --a and --b'],
  ])('leaves out every command where the program needs it: %s', (_, usage, option, named) => {
    for (const described of [undefined, '{"commands": [{"name": "go"}]}']) {
      const { tools, problems } = foundUnder(usage, option, described);
      expect(tools).toEqual([]);
      expect(problems).toMatchObject([{ message: expect.stringContaining(`the program needs ${named} before`) }]);
    }
  });

  test('is noted where it may be left out, unless the command takes it too', () => {
    const { tools } = foundUnder('[--db DB] [-v]', '  --db DB\n  -v\n');
    expect(tools[0]?.notes).toContainEqual('the program takes --db before the command, which no tool gives');
  });

  test('is nothing of a program that takes its command among other arguments', () => {
    const top =
      'usage: cli.py [-h] --to TO {go,stay}\n\npositional arguments:\n  {go,stay}\n\noptions:\n  -h, --help  show this help message and exit\n  --to TO\n';
    const commandHelps = new Map(['go', 'stay'].map((word) => [word, parseCommandHelp(top, [word])]));
    const { tools } = inferTools({ plugin: 'p', help: parseHelp(top), commandHelps });
    expect(tools.map(({ notes }) => notes.join())).toEqual([expect.not.stringContaining('before'), expect.any(String)]);
  });
});

describe('an option of which only a help is known', () => {
  const inferred = (usage: string, entry: string) => {
    const commandHelps = new Map([['go', parseCommandHelp(argparse(usage, entry), ['go'])]]);
    const [tool] = inferTools({ plugin: 'p', help: parseHelp('Commands:\n  go  Go\n'), commandHelps }).tools;
    if (tool === undefined) throw new Error('no tool');
    return tool;
  };

  test('is taken as one text, with a note that it may be more', () => {
    const tool = inferred('[--tag TAG]', '--tag TAG');
    expect(planOf(tool)).toEqual(['tag: --tag value string']);
    expect(tool.notes).toEqual([expect.stringMatching(/^tag: taken as one text each.*repeated/)]);
  });

  test('is a list where its default is one', () => {
    const tool = inferred('[--tag TAG]', "--tag TAG  A tag (default: ['a'])");
    expect([planOf(tool), tool.notes]).toEqual([['tag: --tag repeated array'], []]);
  });

  test('is one text where its default only looks like a list', () => {
    expect(planOf(inferred('[--tag TAG]', '--tag TAG  A tag (default: [INFO])'))).toEqual(['tag: --tag value string']);
  });
});
