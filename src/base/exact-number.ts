// Numbers by their spelling, compared and written without a double in between. Pure; linear in the length of the spelling.
// **Trust:** spellings are those of JSON (a parser took them); whose they are doesn't matter.

import { SmcpError } from './errors.ts';
import { LIMITS } from './limits.ts';

/** A number as ±`digits` × 10^`exponent`; `digits` without zeros at its ends, '' for zero, which has no sign. */
export type Decimal = { readonly isNegative: boolean; readonly digits: string; readonly exponent: number };

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whether a text is a number as JSON spells it. */
export function isNumberSpelling(text: string): boolean {
  return JSON_NUMBER.test(text);
}

/**
 * Whether the number is one that is taken in at all: a double is next to it, and its power of ten, as written and as meant,
 * is within `LIMITS.numberPowerMax`. A power that no double holds would be another one as soon as it is counted with.
 */
export function isInRange(spelling: string): boolean {
  return Number.isFinite(Number(spelling)) && isPartsInRange(partsOf(spelling));
}

/** `1.50e3` → 15 × 10^2. @throws `INTERNAL` for a power of ten that can't be counted with; none that is in range. */
export function decimalOf(spelling: string): Decimal {
  const { power, decimal } = partsOf(spelling);
  if (Number.isSafeInteger(power) && Number.isSafeInteger(decimal.exponent)) return decimal;
  throw new SmcpError('INTERNAL', 'a number has a power of ten that cannot be counted with');
}

type Parts = { readonly power: number; readonly decimal: Decimal };

const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const ZERO: Decimal = { isNegative: false, digits: '', exponent: 0 };

/** `power`: as it is written, `Infinity` and roundings included. */
function partsOf(spelling: string): Parts {
  const [, sign, whole = '', fraction = '', powerText] = PARTS.exec(spelling) ?? [];
  const power = powerText === undefined ? 0 : Number(powerText);
  const all = whole + fraction;
  let start = 0;
  while (all[start] === '0') start += 1;
  if (start === all.length) return { power, decimal: ZERO };
  let end = all.length;
  while (all[end - 1] === '0') end -= 1;
  const exponent = power - fraction.length + (all.length - end);
  return { power, decimal: { isNegative: sign === '-', digits: all.slice(start, end), exponent } };
}

function isPartsInRange({ power, decimal }: Parts): boolean {
  if (Math.abs(power) > LIMITS.numberPowerMax) return false;
  return decimal.digits === '' || Math.abs(decimal.digits.length + decimal.exponent - 1) <= LIMITS.numberPowerMax;
}

/** Whether a double stands for exactly this number: the shortest text of its double says the same. */
export function isHeldByDouble(spelling: string): boolean {
  const value = Number(spelling);
  if (!Number.isFinite(value)) return false;
  const shortest = String(value);
  if (shortest === spelling) return true;
  const parts = partsOf(spelling);
  return isPartsInRange(parts) && isSame(parts.decimal, partsOf(shortest).decimal);
}

/** Whether two spellings are of one number: `5`, `5.0`, `50e-1`. What is out of range is the same as nothing. */
export function isSameNumber(one: string, other: string): boolean {
  return isInRange(one) && isInRange(other) && isSame(decimalOf(one), decimalOf(other));
}

function isSame(one: Decimal, other: Decimal): boolean {
  return one.isNegative === other.isNegative && one.digits === other.digits && one.exponent === other.exponent;
}

/** Below 0 where the first is less, above where it is more. */
export function compareNumbers(one: string, other: string): number {
  const [a, b] = [decimalOf(one), decimalOf(other)];
  const [signA, signB] = [signOf(a), signOf(b)];
  if (signA !== signB) return signA - signB;
  return signA * compareSizes(a, b);
}

const signOf = ({ digits, isNegative }: Decimal): number => (digits === '' ? 0 : isNegative ? -1 : 1);

/** Of what is not zero. */
function compareSizes(a: Decimal, b: Decimal): number {
  const power = a.digits.length + a.exponent - (b.digits.length + b.exponent);
  if (power !== 0) return power;
  const length = Math.max(a.digits.length, b.digits.length);
  const [left, right] = [a.digits.padEnd(length, '0'), b.digits.padEnd(length, '0')];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A whole number with all its digits: `1e3` → `1000`, `5.0` → `5`. Undefined when it isn't whole, or not in range. */
export function wholeNumber(spelling: string): string | undefined {
  const parts = partsOf(spelling);
  if (!Number.isFinite(Number(spelling)) || !isPartsInRange(parts)) return undefined;
  const { isNegative, digits, exponent } = parts.decimal;
  if (digits === '') return '0';
  // The number is below 1e309, which bounds the zeros.
  if (exponent < 0) return undefined;
  return `${isNegative ? '-' : ''}${digits}${'0'.repeat(exponent)}`;
}

/**
 * The one spelling of a number: what ECMAScript, and so RFC 8785, writes for a double, with all the digits that there are.
 *
 * **Source:** ECMA-262 §6.1.6.1.20 (Number::toString), with `digits` for s and its length for k.
 */
export function canonicalNumber(spelling: string): string {
  const { isNegative, digits, exponent } = decimalOf(spelling);
  if (digits === '') return '0';
  return `${isNegative ? '-' : ''}${positiveText(digits, digits.length + exponent)}`;
}

/** The digits with the point behind the first `point` of them. */
function positiveText(digits: string, point: number): string {
  if (digits.length <= point && point <= 21) return digits.padEnd(point, '0');
  if (0 < point && point <= 21) return `${digits.slice(0, point)}.${digits.slice(point)}`;
  if (-6 < point && point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  const power = point - 1;
  const mantissa = digits.length === 1 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`;
  return `${mantissa}e${power < 0 ? '-' : '+'}${Math.abs(power)}`;
}
