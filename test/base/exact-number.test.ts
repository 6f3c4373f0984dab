import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalNumber,
  compareNumbers,
  isHeldByDouble,
  isInRange,
  isNumberSpelling,
  isSameNumber,
  wholeNumber,
} from '#base/exact-number.ts';

describe('a number by its spelling', () => {
  test.each(['5', '5.0', '0.1', '1e3', '-0', '9007199254740992', '9007199254740994', '1e23', '0.30000000000000004'])(
    '%s is what its double says',
    (spelling) => {
      expect(isHeldByDouble(spelling)).toBe(true);
    },
  );

  test.each([
    '9007199254740993',
    '-9007199254740993',
    '0.1000000000000000055',
    '1e400',
    '1e-400',
    '3.14159265358979323846',
  ])('%s is not what its double says', (spelling) => {
    expect(isHeldByDouble(spelling)).toBe(false);
  });

  test('is compared without a double in between', () => {
    const ascending = [
      '-1e5',
      '-9007199254740993',
      '-9007199254740992',
      '-1',
      '-0.5',
      '0',
      '1e-400',
      '0.1',
      '0.10000000000000000001',
    ];
    const sorted = [...ascending].sort(compareNumbers);
    expect(sorted.map(Number).every((value, index) => index === 0 || value >= Number(sorted[index - 1]))).toBe(true);
    expect(compareNumbers('9007199254740993', '9007199254740992')).toBeGreaterThan(0);
    expect(compareNumbers('-9007199254740993', '-9007199254740992')).toBeLessThan(0);
    expect(compareNumbers('100e-2', '1.00')).toBe(0);
    expect(compareNumbers('-0', '0.0')).toBe(0);
    expect(compareNumbers('12', '9')).toBeGreaterThan(0);
    expect(isSameNumber('5', '50e-1')).toBe(true);
    expect(isSameNumber('5', '-5')).toBe(false);
    expect(isSameNumber(`1e-${'9'.repeat(400)}`, `1e-${'9'.repeat(400)}`)).toBe(false);
  });

  test('is ordered as integers of any size are', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (a, b) => {
        expect(Math.sign(compareNumbers(String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  test('is written as ECMAScript writes doubles', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(canonicalNumber(JSON.stringify(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  test.each([
    ['9007199254740993', '9007199254740993'],
    ['9007199254740993.0', '9007199254740993'],
    ['0.9007199254740993e16', '9007199254740993'],
    ['-0.100000000000000005500', '-0.1000000000000000055'],
    ['1234567890123456789012', '1.234567890123456789012e+21'],
    ['1.00000000000000000001e-9', '1.00000000000000000001e-9'],
    ['-0.0', '0'],
  ])('%s has one canonical spelling, with all its digits', (spelling, canonical) => {
    expect(canonicalNumber(spelling)).toBe(canonical);
  });

  test('is whole or not, whatever its spelling', () => {
    expect(wholeNumber('9.007199254740993e15')).toBe('9007199254740993');
    expect(wholeNumber('9007199254740993.5')).toBeUndefined();
    expect(wholeNumber('1e400')).toBeUndefined();
    expect(wholeNumber('-0')).toBe('0');
  });

  test.each([
    '1e400',
    '-1e-10001',
    '1e-1000000000000000000000000',
    '0e10001',
    `1e-${'9'.repeat(400)}`,
    `0.${'0'.repeat(10_000)}1`,
  ])('%s is out of range', (spelling) => {
    expect(isInRange(spelling)).toBe(false);
    expect(isHeldByDouble(spelling)).toBe(false);
    expect(wholeNumber(spelling)).toBeUndefined();
  });

  test.each(['0', '1e308', '1e-10000', `0.${'0'.repeat(9_999)}1`, `1${'0'.repeat(300)}e-9000`])(
    '%s is in range',
    (spelling) => {
      expect(isInRange(spelling)).toBe(true);
    },
  );

  test('is never counted with where its power of ten would be rounded', () => {
    for (const power of ['9007199254740993', '9'.repeat(23), '9'.repeat(400)]) {
      expect(() => canonicalNumber(`1e-${power}`)).toThrow('cannot be counted with');
      expect(() => compareNumbers(`1e${power}`, '1')).toThrow('cannot be counted with');
    }
  });

  test('is told from other text', () => {
    for (const text of ['', ' 5', '0x10', '+5', '05', '5.', '.5', '1e', 'NaN'])
      expect(isNumberSpelling(text)).toBe(false);
    for (const text of ['0', '-0', '5.0', '1E+3']) expect(isNumberSpelling(text)).toBe(true);
  });
});
