// How the arguments of a tool become those of its program: what discovery made, and the renderer follows. Pure types.

import type { ParameterType } from './description.ts';

/**
 * `flag` given when true · `flag-negated` given when false (`store_false`) · `value` one flag, one value · `values` one flag,
 * many values (`nargs`) · `repeated` a flag for each value (`append`) · `positional`, `positionals` no flag ·
 * `remainder` all that is left, options too, with a flag or without.
 */
export type ArgumentStyle =
  | 'flag'
  | 'flag-negated'
  | 'value'
  | 'values'
  | 'repeated'
  | 'positional'
  | 'positionals'
  | 'remainder';

export type ArgumentPlan = {
  /** Its name in the tool's input schema. */
  readonly property: string;
  /** `--a-b`, `-a`; '' for what is positional. */
  readonly spelling: string;
  readonly style: ArgumentStyle;
  readonly type: ParameterType;
  /** Of an array whose items are described as integers: each is spelled as one. */
  readonly itemType?: 'integer';
  /**
   * The program is known to take `--f=v`. Where it isn't, `--f v` is sent, and `--f=v` only for a value that begins with `-`:
   * at worst the program refuses it.
   */
  readonly takesEquals: boolean;
  /** What says false, of a flag that can be said either way: `--no-colour`. */
  readonly negative?: string;
  /** How many values it takes: of `values`, and of what is positional. `countMax` absent: any number. */
  readonly countMin?: number;
  readonly countMax?: number;
  /** What the help lists; tells how a truth value is spelled. */
  readonly choices?: readonly string[];
};

/**
 * What reads the program's command line. `alike`: optparse or click, by their help; they take `--f=v` and `--` as argparse
 * does. `unknown`: nothing is taken for granted.
 */
export type Parser = 'argparse' | 'alike' | 'unknown';

export type CommandPlan = {
  /** The words after `cli.py`: `['send']`, `['remote', 'add']`. */
  readonly command: readonly string[];
  /** `choices`: the command's word is a positional argument of the program like the others. */
  readonly commandSlot: 'subparsers' | 'choices';
  readonly parser: Parser;
  /** What an option may begin with. */
  readonly prefixes: string;
  readonly hasNumberOptions: boolean;
  /** What is positional stands in the order in which it is taken. */
  readonly arguments: readonly ArgumentPlan[];
};
