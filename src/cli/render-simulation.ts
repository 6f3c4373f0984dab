// What a simulation says of limits, as text for a person. **Trust:** as in render.ts.

import { formatDuration } from '#base/duration.ts';
import type { JsonObject } from '#base/json.ts';
import { list, object, plural, str } from './render.ts';

const MICROS = 1_000_000;

/** Lines, each with its line feed; '' where there is nothing to say. */
export function limitsText(limits: readonly JsonObject[]): string {
  return limits.map((one) => `${limitText(one)}\n`).join('');
}

function limitText(one: JsonObject): string {
  const { rule, unit, limit, calls, changes } = one;
  const most = unit === 'cost' ? Number(limit) / MICROS : Number(limit);
  const stopped = `would stop ${plural(Number(calls), 'call')}, ${str(changes)} of them not denied then`;
  return `the limit ${str(rule)}, ${most} ${nameOf(unit)}${windowText(one)}, ${stopped}`;
}

const NAMES: { readonly [unit: string]: string } = {
  cost: 'of cost',
  concurrent: 'calls at a time',
  repeats: 'times the same call',
};

const nameOf = (unit: unknown): string => NAMES[String(unit)] ?? str(String(unit));

const windowText = ({ perMs }: JsonObject): string => (typeof perMs === 'number' ? ` in ${formatDuration(perMs)}` : '');

/** What was assumed so that limits could count. */
export function countingText(counting: JsonObject): string {
  const partial = list(counting['partial']).map(
    (one) => `${str(one['rule'])} (${nameOf(one['unit'])}${windowText(one)})`,
  );
  const of = (name: string, sentence: string) => {
    const count = Number(counting[name]);
    return count === 0 ? '' : `assumed: ${plural(count, 'call')} ${sentence}\n`;
  };
  return [
    partial.length === 0
      ? ''
      : `counted from ${str(counting['from'])} on: too few in the first window of ${partial.join(', ')}; see --last and --since\n`,
    of('neverRan', 'denied then and allowed now: counted with the declared cost, no bytes, over at once'),
    of('withoutArguments', 'counted without arguments, which are not kept: none is a repetition, none has bytes'),
    of('late', 'counted after some that began later: too many were under way'),
    of('supposedLabels', 'had a label that no record tells the session of: it counted for all'),
  ].join('');
}

/** The limit that decides, in the words of a denial; '' where none does. */
export function limitOfChange({ wouldBe }: JsonObject): string {
  const { limit, reason } = object(wouldBe);
  return limit === undefined ? '' : str(reason);
}
