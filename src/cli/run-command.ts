// Finds the command that argv names, parses its options, runs it, and turns what it throws into an exit code.

import { parseArgs } from 'node:util';
import { SmcpError } from '#base/errors.ts';
import { nearest } from '#base/nearest.ts';
import { visibleJson } from '#base/visible.ts';
import { DEFAULT_HOME, homeAt } from '#config/home.ts';
import { type Command, type CommandInput, EXIT, parseConfigOf, type Terminal } from './command.ts';
import { commandHelp, overviewHelp } from './help.ts';
import { reportError } from './report-error.ts';

/** Runs one command line. @returns the exit code; never rejects. */
export async function runCommandLine(
  commands: readonly Command[],
  argv: readonly string[],
  { terminal, version }: { readonly terminal: Terminal; readonly version: string },
): Promise<number> {
  const isJson = argv.includes('--json');
  try {
    if (argv[0] === '--version' || argv[0] === '-v') {
      terminal.out(`${version}\n`);
      return EXIT.done;
    }
    if (argv.length === 0 || argv[0] === '--help' || argv[0] === '-h' || argv[0] === 'help') {
      terminal.out(overviewHelp(commands));
      return EXIT.done;
    }
    const ordered = wordsFirst(argv);
    const group = commands.filter(({ words }) => words[0] === ordered[0]);
    if (group.some(({ words }) => words.length > 1) && (ordered[1] === '--help' || ordered[1] === '-h')) {
      terminal.out(overviewHelp(group));
      return EXIT.done;
    }
    const command = findCommand(commands, ordered);
    const input = parseInput(command, ordered.slice(command.words.length));
    if (input.options['help'] === true) {
      terminal.out(commandHelp(command));
      return EXIT.done;
    }
    checkArguments(command, input.positionals);
    const homeOption = input.options['home'];
    const home = homeAt(typeof homeOption === 'string' ? homeOption : (terminal.env['SMCP_HOME'] ?? DEFAULT_HOME));
    const print: Parameters<Command['run']>[0]['print'] = (value, text) =>
      terminal.out(isJson ? `${visibleJson(value)}\n` : text());
    return await command.run({ home, isJson, terminal, print }, input);
  } catch (thrown) {
    return reportError(thrown, { isJson, terminal });
  }
}

/** argv with `--json` and `--home DIR` before the command moved behind it. */
function wordsFirst(argv: readonly string[]): readonly string[] {
  let first = 0;
  while (argv[first]?.startsWith('--')) first += argv[first] === '--home' ? 2 : 1;
  return [...argv.slice(first), ...argv.slice(0, first)];
}

/** The command with the most words that argv begins with. @throws `USAGE` with the nearest one. */
function findCommand(commands: readonly Command[], argv: readonly string[]): Command {
  const matches = commands.filter(({ words }) => words.every((word, index) => argv[index] === word));
  const best = matches.sort((a, b) => b.words.length - a.words.length)[0];
  // `queue cancle` is no argument of `queue`, which takes none: it is a misspelt `queue cancel`.
  const isStray = best?.arguments.length === 0 && argv[best.words.length]?.startsWith('-') === false;
  const isGroup = commands.some(({ words }) => words.length > 1 && words[0] === argv[0]);
  if (best !== undefined && !(isStray && isGroup && best.words.length === 1)) return best;
  const given = argv.filter((word) => !word.startsWith('-')).slice(0, 2);
  const names = commands.map(({ words }) => words.join(' '));
  const sameGroup = names.filter((name) => name.startsWith(`${given[0]} `));
  const near =
    sameGroup.length > 0
      ? nearest(given.join(' '), sameGroup)
      : (nearest(given.join(' '), names) ?? nearest(given[0] ?? '', names));
  const all = sameGroup.length > 0 ? `the commands are: smcp ${sameGroup.join(', smcp ')}` : 'see smcp --help';
  const remedy = near === undefined ? all : `did you mean: smcp ${near}`;
  throw new SmcpError('USAGE', `there is no command ${JSON.stringify(given.join(' '))}`, { details: { remedy } });
}

function parseInput(command: Command, args: readonly string[]): CommandInput {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: parseConfigOf(command),
      allowPositionals: true,
      strict: true,
    });
    return { positionals, options: values };
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split('. ')[0] ?? cause.message) : 'wrong usage';
    throw new SmcpError('USAGE', message, { cause, details: { remedy: `see smcp ${command.words.join(' ')} --help` } });
  }
}

function checkArguments(command: Command, positionals: readonly string[]): void {
  const required = command.arguments.filter((name) => !name.startsWith('['));
  const isEnough = positionals.length >= required.length;
  if (isEnough && positionals.length <= command.arguments.length) return;
  const words = command.words.join(' ');
  const message = isEnough
    ? `smcp ${words} takes no argument ${JSON.stringify(positionals[command.arguments.length])}`
    : `smcp ${words} needs ${required.slice(positionals.length).join(' and ')}`;
  // Who writes the arguments of a tool behind its name is told where they go.
  const isJson = isEnough && 'args' in command.options && /^[{@]/.test(positionals[command.arguments.length] ?? '');
  const remedy = isJson ? 'arguments of the tool are given with --args' : `see smcp ${words} --help`;
  throw new SmcpError('USAGE', message, { details: { remedy } });
}
