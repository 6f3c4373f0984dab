// What a usage says beside the list of options: which are required or exclude each other, and the positional arguments in
// their order. Pure; takes time in the length of the usage times the arguments.

import { LIMITS } from '#base/limits.ts';
import { readValues } from './arity.ts';
import type { CommandHelp, HelpPositional } from './command-help.ts';
import type { ListedOption } from './help-options.ts';
import type { HelpText } from './help-text.ts';
import { alternatives, choicesOf, isEnclosed, usageItems } from './usage.ts';

export type UsageReading = {
  /** Spellings that stand outside of brackets. */
  readonly required: ReadonlySet<string>;
  readonly exclusive: CommandHelp['exclusive'];
  readonly positionals: readonly HelpPositional[];
};

/** `items`: the usage after the program and its command. */
export function readUsage(items: readonly string[], options: readonly ListedOption[], help: HelpText): UsageReading {
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
      at += usageItems(bySpelling.get(item)?.valuesText ?? '').length;
    } else {
      rest.push(item);
    }
  }
  return { required, exclusive, positionals: readPositionals(rest, help) };
}

/** The parts of a bracket that holds options; undefined for anything else. */
function groupOf(item: string): readonly string[] | undefined {
  if (!isEnclosed(item, '[') && !isEnclosed(item, '(')) return undefined;
  const parts = alternatives(item);
  return parts.some((part) => part.startsWith('-') && part !== '-') ? parts : undefined;
}

/** `items`: the usage without its options. The list of the help gives the names, the usage their order and arity. */
function readPositionals(items: readonly string[], help: HelpText): readonly HelpPositional[] {
  const left = help.sections
    .flatMap(({ title, entries }) => entries.map((entry) => ({ ...entry, isListed: title === 'positional arguments' })))
    .filter(({ invocation, isInner }) => !isInner && !invocation.startsWith('-'))
    .slice(0, LIMITS.cliParametersMax);
  const found: HelpPositional[] = [];
  let at = 0;
  while (at < items.length && found.length <= LIMITS.cliParametersMax) {
    const match = left.map(({ invocation }) => matchPositional(items, at, invocation)).find((one) => one !== undefined);
    const entry = match === undefined ? undefined : left.find(({ invocation }) => invocation === match.name);
    // What stands for all that is left has no name in a usage: it is the one that the usage doesn't name.
    const isRest = match === undefined && items[at] === '...';
    const nameless = isRest
      ? left.find(({ invocation, isListed }) => isListed && !items.includes(invocation))
      : undefined;
    const taken = entry ?? nameless;
    if (taken !== undefined) left.splice(left.indexOf(taken), 1);
    if (match !== undefined) found.push({ ...match.positional, help: entry?.help ?? '' });
    if (nameless !== undefined) {
      found.push({ name: nameless.invocation, arity: { kind: 'rest' }, help: nameless.help, isRequired: false });
    }
    at += match?.length ?? 1;
  }
  return found;
}

type Match = {
  readonly name: string;
  readonly length: number;
  readonly positional: Omit<HelpPositional, 'help'>;
};

/** The argument of this name, when it stands at this place of the usage: `x`, `x x`, `[x]`, `[x ...]`, `x [x ...]`. */
function matchPositional(items: readonly string[], at: number, name: string): Match | undefined {
  const words = usageItems(name);
  const startsHere = (from: number): boolean => words.every((word, index) => items[from + index] === word);
  const item = items[at] ?? '';
  const optional = isEnclosed(item, '[') ? readValues(item) : undefined;
  if (optional !== undefined && optional.metavar === (words[0] ?? '')) {
    return matchOf(name, 1, { ...optional, isRequired: false });
  }
  if (words.length === 0 || !startsHere(at)) return undefined;
  let count = 1;
  while (startsHere(at + count * words.length)) count += 1;
  const end = at + count * words.length;
  const more = items[end] ?? '';
  const isMany = isEnclosed(more, '[') && readValues(more).metavar === words[0] && more.includes('...');
  const choices = readValues(words.join(' ')).choices;
  const shared = { isRequired: true, ...(choices === undefined ? {} : { choices }) };
  if (isMany) return matchOf(name, end + 1 - at, { arity: { kind: 'many', min: count }, ...shared });
  if (count > 1) return matchOf(name, end - at, { arity: { kind: 'many', min: count, max: count }, ...shared });
  return matchOf(name, end - at, { arity: { kind: 'one' }, ...shared });
}

function matchOf(name: string, length: number, values: Omit<HelpPositional, 'help' | 'name'>): Match {
  const { arity, choices, isRequired } = values;
  return { name, length, positional: { name, arity, isRequired, ...(choices === undefined ? {} : { choices }) } };
}

/** Whether an item is a list of choices with this word among them. */
export function offers(item: string, word: string): boolean {
  return choicesOf(item)?.includes(word) === true;
}
