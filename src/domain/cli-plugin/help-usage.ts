// What a usage says beside the list of options: which are required or exclude each other, and the positional arguments in
// their order. Pure; takes time linear in the text, times the most words that a name may have.

import { LIMITS } from '#base/limits.ts';
import { readValues } from './arity.ts';
import type { CommandHelp, HelpPositional } from './command-help.ts';
import { present } from './described-fields.ts';
import type { ListedOption } from './help-options.ts';
import type { HelpText } from './help-text.ts';
import { alternatives, choicesOf, isEnclosed, usageItems } from './usage.ts';

export type UsageReading = {
  /** Spellings that stand outside of brackets. */
  readonly required: ReadonlySet<string>;
  readonly exclusive: CommandHelp['exclusive'];
  readonly positionals: readonly HelpPositional[];
};

/** `items`: the usage after the program and its command. Undefined when a positional argument has too long a name. */
export function readUsage(
  items: readonly string[],
  options: readonly ListedOption[],
  help: HelpText,
): UsageReading | undefined {
  const bySpelling = new Map(options.flatMap((option) => option.spellings.map((spelling) => [spelling, option])));
  const required = new Set<string>();
  const exclusive: { spellings: readonly string[]; isRequired: boolean }[] = [];
  const rest: string[] = [];
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] ?? '';
    const group = groupOf(item);
    if (group !== undefined) {
      const spellings = group.map((part) => usageItems(part)[0] ?? '').filter((one) => bySpelling.has(one));
      if (spellings.length > 1) exclusive.push({ spellings, isRequired: item.startsWith('(') });
    } else if (item.startsWith('-') && item.length > 1) {
      required.add(item);
      at += bySpelling.get(item)?.valueWords ?? 0;
    } else {
      rest.push(item);
    }
  }
  const positionals = readPositionals(rest, help);
  return positionals === undefined ? undefined : { required, exclusive, positionals };
}

/** The parts of a bracket that holds options; undefined for anything else. */
function groupOf(item: string): readonly string[] | undefined {
  if (!isEnclosed(item, '[') && !isEnclosed(item, '(')) return undefined;
  const parts = alternatives(item);
  return parts.some((part) => part.startsWith('-') && part !== '-') ? parts : undefined;
}

/** What may be a positional argument: an entry of the help, its name in the words of a usage. */
type Entry = {
  readonly name: string;
  readonly words: readonly string[];
  readonly help: string;
  readonly isListed: boolean;
};

/** In the order of the help. Undefined when one that is listed as positional has more words than are looked at. */
function entriesOf(help: HelpText): readonly Entry[] | undefined {
  const entries = help.sections
    .flatMap(({ title, entries: own }) =>
      own.map((entry) => ({ ...entry, isListed: title === 'positional arguments' })),
    )
    .filter(({ invocation, isInner }) => !isInner && !invocation.startsWith('-'))
    .slice(0, LIMITS.cliParametersMax)
    .map(({ invocation: name, help: said, isListed }) => ({ name, words: usageItems(name), help: said, isListed }));
  const isLong = ({ words }: Entry): boolean => words.length > LIMITS.cliNameWordsMax;
  return entries.some((entry) => entry.isListed && isLong(entry))
    ? undefined
    : entries.filter((entry) => entry.words.length > 0 && !isLong(entry));
}

/** `items`: the usage without its options. The list of the help gives the names, the usage their order and arity. */
function readPositionals(items: readonly string[], help: HelpText): readonly HelpPositional[] | undefined {
  const entries = entriesOf(help);
  if (entries === undefined) return undefined;
  const left = createIndex(entries);
  const inUsage = new Set(items);
  const found: HelpPositional[] = [];
  let at = 0;
  while (at < items.length && left.size() > 0) {
    const match = matchPositional(items, at, left);
    // What stands for all that is left has no name in a usage: it is the one that the usage doesn't name.
    const isRest = match === undefined && items[at] === '...';
    const nameless = isRest ? left.first(({ name, isListed }) => isListed && !inUsage.has(name)) : undefined;
    const taken = match?.entry ?? nameless;
    if (taken !== undefined) left.remove(taken);
    if (match !== undefined) found.push(match.positional);
    if (nameless !== undefined) {
      found.push({ name: nameless.name, arity: { kind: 'rest' }, help: nameless.help, isRequired: false });
    }
    at += match?.length ?? 1;
  }
  return found;
}

type Index = {
  readonly size: () => number;
  readonly remove: (entry: Entry) => void;
  /** The first in the order of the help. */
  readonly first: (holds: (entry: Entry) => boolean) => Entry | undefined;
  /** The first whose name are these words, or whose name begins with this one. */
  readonly named: (words: readonly string[]) => Entry | undefined;
  readonly beginning: (word: string) => Entry | undefined;
  /** How many words names have, each number once. */
  readonly lengths: readonly number[];
};

/** Entries by their words: to find one takes no longer where there are many. */
function createIndex(entries: readonly Entry[]): Index {
  const left = new Set(entries);
  const keyOf = (words: readonly string[]): string => words.join(' ');
  const byWords = Map.groupBy(entries, ({ words }) => keyOf(words));
  const byFirst = Map.groupBy(entries, ({ words }) => words[0] ?? '');
  const firstOf = (some: Entry[] | undefined): Entry | undefined => {
    while (some?.[0] !== undefined && !left.has(some[0])) some.shift();
    return some?.[0];
  };
  return {
    size: () => left.size,
    remove: (entry) => left.delete(entry),
    first: (holds) => [...left].find(holds),
    named: (words) => firstOf(byWords.get(keyOf(words))),
    beginning: (word) => firstOf(byFirst.get(word)),
    lengths: [...new Set(entries.map(({ words }) => words.length))],
  };
}

type Match = {
  readonly entry: Entry;
  /** In words of the usage. */
  readonly length: number;
  readonly positional: HelpPositional;
};

/** The argument that stands at this place of the usage: `x`, `x x`, `[x]`, `[x ...]`, `x [x ...]`. */
function matchPositional(items: readonly string[], at: number, left: Index): Match | undefined {
  const item = items[at] ?? '';
  const optional = isEnclosed(item, '[') ? readValues(item) : undefined;
  const maybe = optional === undefined ? undefined : left.beginning(optional.metavar);
  if (optional !== undefined && maybe !== undefined) return matchOf(maybe, 1, { ...optional, isRequired: false });
  const named = left.lengths.flatMap((length) => left.named(items.slice(at, at + length)) ?? []);
  const entry = named.length < 2 ? named[0] : left.first((one) => named.includes(one));
  if (entry === undefined) return undefined;
  const { words } = entry;
  const standsAt = (from: number): boolean => words.every((word, index) => items[from + index] === word);
  let count = 1;
  while (standsAt(at + count * words.length)) count += 1;
  const end = at + count * words.length;
  const more = items[end] ?? '';
  const isMany = isEnclosed(more, '[') && readValues(more).metavar === words[0] && more.includes('...');
  const { choices } = readValues(words.join(' '));
  const shared = { isRequired: true, ...present('choices', choices) };
  if (isMany) return matchOf(entry, end + 1 - at, { arity: { kind: 'many', min: count }, ...shared });
  if (count > 1) return matchOf(entry, end - at, { arity: { kind: 'many', min: count, max: count }, ...shared });
  return matchOf(entry, end - at, { arity: { kind: 'one' }, ...shared });
}

function matchOf(entry: Entry, length: number, values: Omit<HelpPositional, 'help' | 'name'>): Match {
  const { name, help } = entry;
  const { arity, choices, isRequired } = values;
  return { entry, length, positional: { name, arity, isRequired, help, ...present('choices', choices) } };
}

/** Whether an item is a list of choices with this word among them. */
export function offers(item: string, word: string): boolean {
  return choicesOf(item)?.includes(word) === true;
}
