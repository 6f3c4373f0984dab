// How many values an option or a positional argument takes, as its help writes it. Pure.

import { choicesOf, inside, isEnclosed, usageItems } from './usage.ts';

/**
 * `none` a flag · `one` · `maybe` one or none (`[X]`) · `many` from `min` on (`X [X ...]`, `[X ...]`), or exactly `min`
 * where `max` is the same (`X X`) · `rest` all that follows, options too (`...`).
 */
export type Arity =
  | { readonly kind: 'none' | 'one' | 'maybe' | 'rest' }
  | { readonly kind: 'many'; readonly min: number; readonly max?: number };

export type Values = {
  readonly arity: Arity;
  /** What stands for one value: `X`, `{a,b}`; '' for a flag. */
  readonly metavar: string;
  /** The values that it takes; undefined where the help doesn't list them, or not so that they can be told apart. */
  readonly choices?: readonly string[];
};

/** Whether the items of `[X ...]`, or of `[X [X ...]]` as Python before 3.9 writes it. */
const isRepeated = (item: string): boolean => isEnclosed(item, '[') && item.replaceAll(']', '').endsWith(' ...');

/** What follows an option in its entry: `''`, `X`, `X [X ...]`, `[X ...]`, `[X]`, `X Y`, `{a,b}`, `...`. */
export function readValues(text: string): Values {
  const items = usageItems(text);
  const [first = '', second] = items;
  const last = items.at(-1) ?? '';
  if (items.length === 0) return { arity: { kind: 'none' }, metavar: '' };
  if (last === '...') return { arity: { kind: 'rest' }, metavar: first };
  if (items.length > 1 && isRepeated(last)) return withChoices({ kind: 'many', min: items.length - 1 }, first);
  if (second === undefined && isRepeated(first)) {
    return withChoices({ kind: 'many', min: 0 }, usageItems(inside(first))[0] ?? '');
  }
  if (second === undefined && isEnclosed(first, '[')) return withChoices({ kind: 'maybe' }, inside(first));
  if (second === undefined) return withChoices({ kind: 'one' }, first);
  return { arity: { kind: 'many', min: items.length, max: items.length }, metavar: first };
}

/** Choices with a comma or a space of their own can't be told apart: then none are known. */
function withChoices(arity: Arity, metavar: string): Values {
  const choices = choicesOf(metavar);
  const areClear = choices !== undefined && choices.length > 0 && choices.every((word) => /^[\w.:+@/-]+$/.test(word));
  return { arity, metavar, ...(areClear ? { choices } : {}) };
}
