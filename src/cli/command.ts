// What a command is, and what it is given. One file per command of its own; the rest are derived from the operations.

import type { ParseArgsConfig } from 'node:util';
import type { Json } from '#base/json.ts';
import type { Home } from '#config/home.ts';
import type { SecretInput } from './read-secret.ts';

/** An option of a command, beside `--home`, `--json` and `--help`. */
export type CommandOption = {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** Of the value, for the usage line: `--port P`. */
  readonly placeholder?: string;
  readonly help: string;
};

export type CommandInput = {
  readonly positionals: readonly string[];
  readonly options: { readonly [name: string]: string | boolean | readonly (string | boolean)[] | undefined };
};

/** Where a command reads and writes; a test gives its own. */
export type Terminal = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: { readonly [name: string]: string | undefined };
  /** Absent: `process.stdin`. */
  readonly input?: SecretInput;
};

export type CommandContext = {
  readonly home: Home;
  readonly isJson: boolean;
  readonly terminal: Terminal;
  /** Prints a result: JSON with `--json`, else the given text. */
  readonly print: (value: Json, text: () => string) => void;
};

export type Command = {
  /** The words that call it: `['policy', 'check']`. */
  readonly words: readonly string[];
  /** What follows the words in the usage line, `[` `]` around what may be left out: `['FILE']`. */
  readonly arguments: readonly string[];
  readonly options: { readonly [name: string]: CommandOption };
  readonly summary: string;
  /** True for commands that need no running server. */
  readonly isLocal: boolean;
  /** @returns the exit code. */
  readonly run: (context: CommandContext, input: CommandInput) => Promise<number> | number;
};

/** Exit codes of every command. */
export const EXIT = { done: 0, no: 1, invalid: 2, unavailable: 3, tampered: 4 } as const;

/** The options of every command. */
export const COMMON_OPTIONS: { readonly [name: string]: CommandOption } = {
  home: { type: 'string', placeholder: 'DIR', help: 'the home of the server (SMCP_HOME; default ./.smcp)' },
  json: { type: 'boolean', help: 'one JSON document (or one per line) instead of text' },
  help: { type: 'boolean', help: 'what the command takes' },
};

/** The options of a command as `node:util` parses them. */
export function parseConfigOf(command: Command): NonNullable<ParseArgsConfig['options']> {
  const all = Object.entries({ ...command.options, ...COMMON_OPTIONS }).map(([name, { type, multiple }]) => [
    name,
    { type, ...(multiple === undefined ? {} : { multiple }), ...(name === 'help' ? { short: 'h' } : {}) },
  ]);
  return Object.fromEntries(all);
}

/** A text option, or undefined. */
export function text(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}
