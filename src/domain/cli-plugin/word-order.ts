// The order in which the words of a call stand, so that argparse gives each to the argument that it was meant for. Pure.

import { unpassable } from './argument-text.ts';
import type { ArgumentPlan, CommandPlan } from './plan.ts';

/**
 * `fixed` words that take nothing from those after them · `open` a flag that takes all values that follow · `last` one that
 * takes whatever follows · `positional` values.
 */
export type Given = {
  readonly argument: ArgumentPlan;
  readonly place: 'fixed' | 'open' | 'last' | 'positional';
  readonly words: readonly string[];
};

/**
 * Open flags, fixed ones, the last, then `--` and what is positional. All options come before all that is positional, since
 * argparse settles the positional arguments that it can as soon as it meets the first.
 *
 * @throws `ARGUMENTS_UNPASSABLE` where no order would do.
 */
export function arrange(plan: CommandPlan, given: readonly Given[]): readonly string[] {
  const at = (place: Given['place']) => given.filter((one) => one.place === place && one.words.length > 0);
  const positional = at('positional');
  const [last, otherLast] = at('last');
  if (otherLast !== undefined) {
    throw unpassable(
      otherLast.argument.property,
      'and another argument both take the rest of the line',
      'give one of them',
    );
  }
  checkShares(plan, positional);
  const flags = [...at('open'), ...at('fixed'), ...(last === undefined ? [] : [last])];
  const options = flags.flatMap(({ words }) => words);
  const values = positional.flatMap(({ words }) => words);
  if (values.length === 0) return [...plan.command, ...options];
  if (plan.commandSlot === 'choices') return [...options, ...separator(plan, positional), ...plan.command, ...values];
  const isBare = positional[0]?.argument.style === 'remainder';
  if (isBare) checkBareRest(plan, positional[0], flags.at(-1));
  return [...plan.command, ...options, ...(isBare ? [] : separator(plan, positional)), ...values];
}

/** `--`, after which nothing is taken for an option. A program whose parser is unknown may not know it. */
function separator(plan: CommandPlan, positional: readonly Given[]): readonly string[] {
  if (plan.parser !== 'unknown') return ['--'];
  for (const { argument, words } of positional) {
    for (const word of words) checkStart(plan, argument, word);
  }
  return [];
}

/** Argparse hands `--` on to an argument that takes the rest, when it is the first one: it must do without. */
function checkBareRest(plan: CommandPlan, rest: Given | undefined, before: Given | undefined): void {
  if (rest === undefined) return;
  checkStart(plan, rest.argument, rest.words[0] ?? '');
  if (before === undefined || before.place === 'fixed') return;
  throw unpassable(
    rest.argument.property,
    `would be taken for values of ${JSON.stringify(before.argument.property)}`,
    'give one of them',
  );
}

function checkStart(plan: CommandPlan, { property }: ArgumentPlan, word: string): void {
  if (word === '' || !plan.prefixes.includes(word.slice(0, 1))) return;
  throw unpassable(
    property,
    `begins with ${JSON.stringify(word.slice(0, 1))}, as options do`,
    'begin it with something else',
  );
}

/**
 * Argparse deals out positional values from left to right, as many as each may take and the later ones can spare. What it
 * would deal out otherwise than it was given is refused.
 */
function checkShares(plan: CommandPlan, positional: readonly Given[]): void {
  const slots = plan.arguments.filter(({ spelling }) => spelling === '');
  const countOf = (slot: ArgumentPlan): number =>
    positional.find(({ argument }) => argument === slot)?.words.length ?? 0;
  let left = slots.reduce((sum, slot) => sum + countOf(slot), 0);
  if (left === 0) return;
  let owed = slots.reduce((sum, { countMin = 0 }) => sum + countMin, 0);
  for (const slot of slots) {
    const { countMin = 0, countMax = Number.POSITIVE_INFINITY } = slot;
    owed -= countMin;
    const share = Math.min(countMax, left - owed);
    left -= share;
    if (share === countOf(slot)) continue;
    throw unpassable(
      slot.property,
      'must be given too: positional values go to the first arguments first',
      'give the arguments before it, or leave out those after it',
    );
  }
}
