// What a shell can complete after each run of words, derived from the table of commands.

import { COMMON_OPTIONS, type Command } from './command.ts';

export type Completion = {
  /** The words so far, joined by a space; '' at the start. */
  readonly given: string;
  /** Words that may follow, with what they are for; `[]` after a command that has none below it. */
  readonly words: readonly { readonly word: string; readonly summary: string }[];
  /** Options that may follow, without dashes; `[]` where the words are not a command yet. */
  readonly options: readonly { readonly name: string; readonly help: string; readonly takesValue: boolean }[];
  /** Whether files may follow. */
  readonly takesFiles: boolean;
};

export type CompletionModel = {
  /** Longest words first. */
  readonly completions: readonly Completion[];
  /** Options that are followed by a value, over all commands. */
  readonly valueOptions: readonly { readonly name: string; readonly isFile: boolean }[];
};

const FILE = /\b(FILE|DIR|FOLDER|HOME|BUNDLE)\b/;

export function completionModel(commands: readonly Command[]): CompletionModel {
  const prefixes = new Set(commands.flatMap(({ words }) => words.map((_, length) => words.slice(0, length).join(' '))));
  const givens = new Set([...prefixes, ...commands.map(({ words }) => words.join(' '))]);
  const options = commands.flatMap((command) => Object.entries({ ...command.options, ...COMMON_OPTIONS }));
  const values = new Map(
    options
      .filter(([, { type }]) => type === 'string')
      .map(([name, { placeholder = '' }]) => [name, FILE.test(placeholder)]),
  );
  return {
    completions: [...givens].map((given) => completionAfter(given, commands)).toSorted(byLength),
    valueOptions: [...values].map(([name, isFile]) => ({ name, isFile })),
  };
}

function completionAfter(given: string, commands: readonly Command[]): Completion {
  const depth = given === '' ? 0 : given.split(' ').length;
  const command = commands.find(({ words }) => words.join(' ') === given);
  const below = commands.filter(({ words }) => words.length > depth && words.slice(0, depth).join(' ') === given);
  const words = new Map<string, string>();
  for (const next of below) {
    const word = next.words[depth] ?? '';
    const isEnd = next.words.length === depth + 1;
    words.set(word, isEnd ? next.summary : (words.get(word) ?? `${word} …`));
  }
  return {
    given,
    words: [...words].map(([word, summary]) => ({ word, summary })),
    options: command === undefined ? [] : optionsOf(command),
    takesFiles: command?.arguments.some((name) => FILE.test(name)) ?? false,
  };
}

function optionsOf(command: Command): Completion['options'] {
  return Object.entries({ ...command.options, ...COMMON_OPTIONS }).map(([name, { help, type }]) => ({
    name,
    help,
    takesValue: type === 'string',
  }));
}

function byLength(a: Completion, b: Completion): number {
  return b.given.split(' ').length - a.given.split(' ').length || (a.given < b.given ? -1 : 1);
}
