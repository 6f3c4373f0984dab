// What a `cli.py` says of its commands when it is asked with `--describe`, after it was checked. Pure types.

import type { Json, JsonObject } from '#base/json.ts';
import type { CliProblem } from './problem.ts';

export type ParameterType = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';

export type DescribedParameter = {
  /** Of letters, digits, `_`, `-` and `.`; does not begin with `-`. */
  readonly name: string;
  /** Absent where the plugin says nothing. */
  readonly type?: ParameterType;
  readonly description?: string;
  readonly isRequired: boolean;
  readonly default?: Json;
  /** A schema of the plugin author's: foreign. */
  readonly items?: JsonObject;
  /** `enum` or `choices`. */
  readonly choices?: readonly Json[];
  /** As in argparse: `store_true`, `store_false`, `append`, … */
  readonly action?: string;
  readonly nargs?: string | number;
  /** `arg_style`. */
  readonly argStyle?: 'flag' | 'value';
  /** `takes_value`. */
  readonly takesValue?: boolean;
};

export type DescribedCommand = {
  readonly name: string;
  /** Where the description has it. */
  readonly pointer: string;
  readonly description?: string;
  /** Absent where the plugin says nothing; `[]`: it has none. */
  readonly parameters?: readonly DescribedParameter[];
};

export type Description = {
  readonly kind: 'description';
  readonly plugin: { readonly name?: string; readonly version?: string; readonly description?: string };
  /** Sound ones only, in the order of the description. */
  readonly commands: readonly DescribedCommand[];
  /** Why other commands are left out. */
  readonly problems: readonly CliProblem[];
};

/** `unreadable`: nothing of it can be used; its help may still say what the commands are. */
export type DescriptionReading =
  | Description
  | { readonly kind: 'unreadable'; readonly problems: readonly CliProblem[] };
