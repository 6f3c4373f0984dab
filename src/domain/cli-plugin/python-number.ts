// Numbers as a Python program expects them on its command line. Pure. Called by the renderer of command lines.

/**
 * A number of a JSON text as Python would print it: an integer with all its digits, else the shortest text of the
 * double (`5.0`, `1e-07`). A fraction that a double can't hold keeps its own spelling. Undefined when it is beyond a double.
 *
 * **Source:** `repr` of Python: an exponent below -4 and from 16 on.
 */
export function pythonNumber(source: string): string | undefined {
  if (/^-?\d+$/.test(source)) return source === '-0' ? '0' : source;
  const value = Number(source);
  if (!Number.isFinite(value)) return undefined;
  const { digits, exponent } = significant(source);
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const kept = significant(value.toExponential());
  if (kept.digits !== digits || kept.exponent !== exponent) return source;
  const sign = source.startsWith('-') ? '-' : '';
  const shown = mantissa.replace(/^-/, '').replace('.', '');
  return `${sign}${printed(shown, Number(power))}`;
}

/** A whole number with all its digits: `1e3` → `1000`, `5.0` → `5`. Undefined when it isn't whole, or beyond a double. */
export function wholeNumber(source: string): string | undefined {
  if (!Number.isFinite(Number(source))) return undefined;
  const { digits, exponent } = significant(source);
  if (digits === '') return '0';
  // `digits` have no zeros at their ends, and the number is below 1e309.
  if (exponent < 0) return undefined;
  return `${source.startsWith('-') ? '-' : ''}${digits}${'0'.repeat(exponent)}`;
}

/** The digits that count, and the power of ten of the last: `1.50e3` → 15, 2. Of zero: '', 0. */
function significant(source: string): { readonly digits: string; readonly exponent: number } {
  const [mantissa = '', power = '0'] = source.replace(/^-/, '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = `${whole}${fraction}`;
  const start = all.search(/[1-9]/);
  if (start === -1) return { digits: '', exponent: 0 };
  let end = all.length;
  while (all[end - 1] === '0') end -= 1;
  return { digits: all.slice(start, end), exponent: Number(power) - fraction.length + (all.length - end) };
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
