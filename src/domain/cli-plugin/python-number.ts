// Numbers as a Python program expects them on its command line. Pure. Called by the renderer of command lines.

import { decimalOf, isHeldByDouble, isInRange } from '#base/exact-number.ts';

/**
 * A number of a JSON text as Python would print it: an integer with all its digits, else the shortest text of the
 * double (`5.0`, `1e-07`). A fraction that a double can't hold keeps its own spelling. Undefined when it is beyond a double.
 *
 * **Source:** `repr` of Python: an exponent below -4 and from 16 on.
 */
export function pythonNumber(source: string): string | undefined {
  if (/^-?\d+$/.test(source)) return source === '-0' ? '0' : source;
  if (!isInRange(source)) return undefined;
  if (!isHeldByDouble(source)) return source;
  const { digits, exponent } = decimalOf(source);
  const sign = source.startsWith('-') ? '-' : '';
  return digits === '' ? `${sign}0.0` : `${sign}${printed(digits, digits.length + exponent - 1)}`;
}

/** Digits whose first has the power of ten `power`. */
function printed(digits: string, power: number): string {
  if (power < -4 || power >= 16) {
    const mantissa = digits.length === 1 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`;
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  if (power < 0) return `0.${'0'.repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, '0');
  return `${whole}.${digits.slice(power + 1) || '0'}`;
}
