// A command of a `cli.py` as a tool: what agents see, and how their arguments are handed over. Pure types.

import type { JsonObject } from '#base/json.ts';
import type { CommandHelpReading } from './command-help.ts';
import type { Description } from './description.ts';
import type { Help } from './parse-help.ts';
import type { CommandPlan } from './plan.ts';
import type { CliProblem } from './problem.ts';

export type CliTool = {
  /** The tool's name in the plugin; that of a command below another one is `remote_add`. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema 2020-12; takes no properties but its own. Its `items` may be the plugin author's. */
  readonly inputSchema: JsonObject;
  readonly plan: CommandPlan;
  /** What was guessed, and where description and help disagree: for `plugin list`. Safe to show. */
  readonly notes: readonly string[];
};

export type InferredTools = {
  /** In the order of the description, else of the help. */
  readonly tools: readonly CliTool[];
  /** Why other commands are left out. */
  readonly problems: readonly CliProblem[];
};

/** What is known of a program. */
export type CliSources = {
  /** The plugin's name: that of its directory. */
  readonly plugin: string;
  /** Absent where the program has no `--describe`, or an unreadable one. */
  readonly description?: Description;
  /** Absent where it was not asked. */
  readonly help?: Help;
  /** By the words of the command with a space between: `send`, `remote add`; '' for a program that is one command itself. */
  readonly commandHelps: ReadonlyMap<string, CommandHelpReading>;
};
