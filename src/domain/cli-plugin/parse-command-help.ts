// What one command takes, from what the program prints for `<command> --help`. Called at discovery: what argparse prints is
// what argparse does, whatever `--describe` says. **Trust:** the text is the plugin's, and may be hostile.

import { LIMITS } from '#base/limits.ts';
import type { CommandHelpReading, HelpOption } from './command-help.ts';
import { type CommandSlot, commandSlot } from './help-commands.ts';
import { type ListedOption, listedOptions, otherPrefixes } from './help-options.ts';
import { type HelpText, readHelpText } from './help-text.ts';
import { offers, readUsage } from './help-usage.ts';

const TOO_LONG = `is longer than ${LIMITS.cliHelpLengthMax} characters, or its usage than ${LIMITS.cliUsageItemsMax} words`;
const NAME_TOO_LONG = `lists a positional argument of more than ${LIMITS.cliNameWordsMax} words`;

/** `command`: the words that were asked, `['send']` or `['remote', 'add']`. */
export function parseCommandHelp(text: string, command: readonly string[]): CommandHelpReading {
  const help = readHelpText(text);
  return help === undefined ? unreadable(TOO_LONG) : readCommandHelp(help, command);
}

/** `command`: `[]` for the program itself. */
export function readCommandHelp(help: HelpText, command: readonly string[]): CommandHelpReading {
  const listed = listedOptions(help);
  if (listed.length > LIMITS.cliParametersMax) {
    return unreadable(`lists ${listed.length} options; at most ${LIMITS.cliParametersMax}`);
  }
  if (help.usage.length === 0 && listed.length === 0) return unreadable('has neither a usage nor options');
  const slot = commandSlot(help);
  const last = command.at(-1) ?? '';
  const own = afterCommand(help.usage, command);
  const isOfParent = own === undefined && slot?.commands.some(({ name }) => name === last) === true;
  if (isOfParent && slot.kind === 'subparsers') return unreadable('is the help of the program, not of the command');
  const after = own ?? help.usage.slice(1);
  const items = slot?.kind === 'subparsers' ? withoutSlot(after, slot) : after;
  const usage = readUsage(isOfParent ? withoutWord(items, last) : items, listed, help);
  if (usage === undefined) return unreadable(NAME_TOO_LONG);
  const { required, exclusive, positionals } = usage;
  return {
    kind: 'command-help',
    options: listed.map((option) => finished(option, required)),
    positionals: positionals.slice(0, LIMITS.cliParametersMax),
    subcommands: slot?.kind === 'subparsers' ? slot.commands.slice(0, LIMITS.toolsPerPluginMax) : [],
    exclusive,
    parser: help.parser,
    commandSlot: isOfParent ? 'choices' : 'subparsers',
    prefixes: ['-', ...otherPrefixes(help)].join(''),
    hasNumberOptions: listed.some(({ spellings }) => spellings.some((spelling) => /^-\.?\d/.test(spelling))),
  };
}

const unreadable = (reason: string): CommandHelpReading => ({ kind: 'unreadable', reason });

function finished({ valueWords: _, ...option }: ListedOption, required: ReadonlySet<string>): HelpOption {
  return { ...option, isRequired: option.spellings.some((spelling) => required.has(spelling)) };
}

/** The usage after the words of the command, which stand among the program's; undefined where they don't. */
function afterCommand(items: readonly string[], command: readonly string[]): readonly string[] | undefined {
  const end = items.findIndex((item) => /^[[({<-]/.test(item));
  const program = end === -1 ? items : items.slice(0, end);
  let at = 0;
  for (const word of command) {
    at = program.indexOf(word, at + 1);
    if (at === -1) return undefined;
  }
  return items.slice(at + 1);
}

/** Without what takes a command below this one, and the `...` after it. */
function withoutSlot(items: readonly string[], { metavar }: CommandSlot): readonly string[] {
  const at = items.findIndex((item, index) => item === metavar && items[index + 1] === '...');
  return at === -1 ? items : [...items.slice(0, at), ...items.slice(at + 2)];
}

/** Without the argument that takes the command's own word. */
function withoutWord(items: readonly string[], word: string): readonly string[] {
  const at = items.findIndex((item) => offers(item, word));
  return items.filter((_, index) => index !== at);
}
