// What is wrong with what a `cli.py` says of itself, and what its commands may be called. Pure.

import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';

/** Something that keeps a command, or all of them, from being listed. All texts are safe to show. */
export type CliProblem = {
  /** What the program was asked with. */
  readonly source: '--describe' | '--help';
  /** JSON pointer into the description, '' for the whole; of help, the command's words with `/` before each. */
  readonly pointer: string;
  readonly message: string;
  readonly remedy: string;
};

/** **Trust:** pointer, message and remedy may quote the program. */
export function cliProblem(source: CliProblem['source'], pointer: string, message: string, remedy: string): CliProblem {
  const show = (text: string) => visibleText(text, LIMITS.errorMessageLengthMax);
  return { source, pointer: show(pointer), message: show(message), remedy: show(remedy) };
}

/** What is wrong with a command's name by itself, as the end of a sentence; undefined when it is sound. */
export function commandNameFault(name: string): string | undefined {
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) return 'must be of letters, digits, "_" and "-"';
  // The program would take it for one of its options.
  if (name.startsWith('-')) return 'must not begin with "-"';
  return undefined;
}

/** What is wrong with `plugin__tool` as the name of a tool, as a sentence; undefined when it is sound. */
export function toolNameFault(plugin: string, tool: string): string | undefined {
  const name = `${plugin}__${tool}`;
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) return `${quote(name)} is not of letters, digits, "_" and "-" only`;
  if (name.length > LIMITS.toolNameLengthMax) {
    return `${quote(name)} is over ${LIMITS.toolNameLengthMax} characters, which clients refuse`;
  }
  // Else a tool could have the name of another plugin's tool, or of the server's own.
  if (plugin.includes('__') || plugin.endsWith('_') || plugin.toLowerCase() === 'smcp') {
    return `${quote(plugin)} is no name for a plugin: "__", a "_" at its end and "smcp" are reserved`;
  }
  return undefined;
}

/** A foreign word in a sentence. */
export const quote = (text: string): string => JSON.stringify(text);
