// The commands of a program, from what it prints for `--help`. Called at discovery, where `--describe` is missing, and
// beside it. **Trust:** the text is the plugin's, and may be hostile.

import { LIMITS } from '#base/limits.ts';
import type { CommandHelp } from './command-help.ts';
import { commandSlot, type HelpCommand, handWrittenCommands } from './help-commands.ts';
import { readHelpText } from './help-text.ts';
import { readCommandHelp } from './parse-command-help.ts';
import { type CliProblem, cliProblem, commandNameFault, quote } from './problem.ts';

export type Help =
  | {
      readonly kind: 'help';
      /** Sound names only, each once, in the order of the help; `[]` when it names none. */
      readonly commands: readonly HelpCommand[];
      /** What it takes before the word of a command; absent where that can't be told. */
      readonly own?: CommandHelp;
      readonly problems: readonly CliProblem[];
    }
  /** Too long, or with too many commands. */
  | { readonly kind: 'unreadable'; readonly problems: readonly CliProblem[] };

/** Argparse's own list is taken before one that is written by hand, which then only describes. */
export function parseHelp(text: string): Help {
  const help = readHelpText(text);
  if (help === undefined) {
    return unreadable(
      `is longer than ${LIMITS.cliHelpLengthMax} characters, or its usage than ${LIMITS.cliUsageItemsMax} words`,
      'shorten it, or add --describe',
    );
  }
  const written = uniqueByName(handWrittenCommands(help));
  const slot = commandSlot(help);
  const found = [...(slot === undefined ? written : uniqueByName(slot.commands)).values()];
  const commands = found
    .slice(0, LIMITS.toolsPerPluginMax)
    .map((command) => ({ ...said(written, command), ...command }));
  if (found.length > LIMITS.toolsPerPluginMax) {
    return unreadable(`names ${found.length} commands; at most ${LIMITS.toolsPerPluginMax}`, 'split the plugin');
  }
  const problems = commands.flatMap(({ name }) => {
    const fault = commandNameFault(name);
    if (fault === undefined) return [];
    return [cliProblem('--help', `/${name}`, `the command ${quote(name)} ${fault}`, 'rename the command')];
  });
  const own = readCommandHelp(help, []);
  // A parser of an unknown kind may take its options anywhere; where commands are choices, what else there is goes with them.
  const isBefore = help.parser !== 'unknown' && slot?.kind !== 'choices';
  return {
    kind: 'help',
    ...(own.kind === 'command-help' && isBefore ? { own } : {}),
    commands: commands.filter(({ name }) => commandNameFault(name) === undefined),
    problems: problems.slice(0, LIMITS.problemsPerPluginMax),
  };
}

const unreadable = (message: string, remedy: string): Help => ({
  kind: 'unreadable',
  problems: [cliProblem('--help', '', message, remedy)],
});

/** What a list says of a command; nothing where it says nothing. */
function said(list: ReadonlyMap<string, HelpCommand>, { name }: HelpCommand): { readonly description?: string } {
  const description = list.get(name)?.description;
  return description === undefined ? {} : { description };
}

function uniqueByName(commands: readonly HelpCommand[]): ReadonlyMap<string, HelpCommand> {
  const byName = new Map<string, HelpCommand>();
  for (const command of commands) if (!byName.has(command.name)) byName.set(command.name, command);
  return byName;
}
