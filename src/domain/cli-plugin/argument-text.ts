// Values as texts of a command line. Pure. **Trust:** the values are an agent's; what can't arrive as it is, is refused.

import { SmcpError } from '#base/errors.ts';
import { type ExactJson, isExactNumber, numberSpelling, pointerSegment } from '#base/exact-json.ts';
import { wholeNumber } from '#base/exact-number.ts';
import type { ArgumentPlan } from './plan.ts';
import { pythonNumber } from './python-number.ts';

/** That a value can't be handed over. Names the property, never the value. */
export function unpassable(property: string, message: string, remedy: string): SmcpError {
  return new SmcpError('ARGUMENTS_UNPASSABLE', `${JSON.stringify(property)} ${message}`, {
    details: { pointer: `/${pointerSegment(property)}`, remedy },
  });
}

/**
 * One text for each value: of an array its items, of anything else itself. An array that holds objects or arrays is one
 * value, as compact JSON.
 *
 * @throws `ARGUMENTS_UNPASSABLE`
 */
export function argumentTexts(plan: ArgumentPlan, value: ExactJson): readonly string[] {
  if (!isList(value) || value.some(isNested)) return [argumentText(plan, value)];
  return value.map((item) => argumentText(plan, item));
}

/**
 * One value: numbers as Python spells them, objects and arrays as compact JSON.
 *
 * @throws `ARGUMENTS_UNPASSABLE`
 */
export function argumentText(plan: ArgumentPlan, value: ExactJson): string {
  const { property, choices = [] } = plan;
  if (typeof value === 'string') return checkText(property, value);
  if (typeof value === 'boolean') {
    // A program that lists `True` would not know `true`.
    return choices.find((choice) => choice.toLowerCase() === String(value)) ?? String(value);
  }
  if (value === null) throw unpassable(property, 'holds null, which no command line can say', 'leave it out');
  const number = numberSpelling(value);
  if (number === undefined) return JSON.stringify(value);
  const isInteger = (plan.itemType ?? plan.type) === 'integer';
  const text = (isInteger ? wholeNumber(number) : undefined) ?? pythonNumber(number);
  if (text === undefined)
    throw unpassable(property, 'is a number beyond the range of a double', 'send a smaller number');
  return text;
}

function checkText(property: string, text: string): string {
  if (text.includes('\0')) throw unpassable(property, 'holds a zero character, which ends an argument', 'leave it out');
  if (!text.isWellFormed()) throw unpassable(property, 'is not valid Unicode', 'send whole characters');
  // Programs before Python 3.13 drop it wherever it stands, even from `--f=--`.
  if (text === '--')
    throw unpassable(property, 'is "--", which argparse takes for the end of options', 'send another text');
  return text;
}

const isList = (value: ExactJson): value is readonly ExactJson[] => Array.isArray(value);

const isNested = (value: ExactJson): boolean => typeof value === 'object' && value !== null && !isExactNumber(value);
