// What the help of one command says of its arguments, taken apart. Pure types.

import type { Arity } from './arity.ts';
import type { HelpCommand } from './help-commands.ts';
import type { Parser } from './plan.ts';

export type HelpOption = {
  /** As on the command line, in the order of the help: `-o`, `--output`. Never empty. */
  readonly spellings: readonly string[];
  /** What switches it off: `--no-colour`, of `--colour, --no-colour`. */
  readonly negative?: string;
  readonly arity: Arity;
  readonly choices?: readonly string[];
  /** '' when nothing is said. */
  readonly help: string;
  readonly isRequired: boolean;
  /** As its text says it: `(default: 5)` → `5`. */
  readonly defaultText?: string;
  /** Its text says that it may be given more than once. The form doesn't tell: `append` looks like `store`. */
  readonly isRepeatable: boolean;
};

export type HelpPositional = {
  /** What stands for it: its name, or another one that the author chose. */
  readonly name: string;
  readonly arity: Arity;
  readonly choices?: readonly string[];
  readonly help: string;
  readonly isRequired: boolean;
};

export type CommandHelp = {
  readonly kind: 'command-help';
  /** Without `--help` and what prints a version. */
  readonly options: readonly HelpOption[];
  /** In the order in which they are taken. */
  readonly positionals: readonly HelpPositional[];
  /** Commands below this one; `[]` when it has none. */
  readonly subcommands: readonly HelpCommand[];
  /** First spellings of options of which at most one may be given; where `isRequired`, exactly one. */
  readonly exclusive: readonly { readonly spellings: readonly string[]; readonly isRequired: boolean }[];
  readonly parser: Parser;
  /** `choices`: the command's word is a positional argument like the others. */
  readonly commandSlot: 'subparsers' | 'choices';
  /** What an option may begin with. */
  readonly prefixes: string;
  /** Some option looks like a negative number, so a negative number may be taken for an option. */
  readonly hasNumberOptions: boolean;
};

export type CommandHelpReading =
  | CommandHelp
  /** Too long, too many options, or the help of something else. */
  | { readonly kind: 'unreadable'; readonly reason: string };
