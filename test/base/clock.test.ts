import { expect, test } from 'vitest';
import { isWritableTime, rfc3339 } from '#base/clock.ts';

test('a time is written with its milliseconds, from the first of the year 0 to the last of 9999', () => {
  const [first, last] = [Date.parse('0000-01-01T00:00:00.000Z'), Date.parse('9999-12-31T23:59:59.999Z')];
  expect([first, 0, last].map(rfc3339)).toEqual([
    '0000-01-01T00:00:00.000Z',
    '1970-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
  ]);
  for (const other of [first - 1, last + 1, 8.64e19, Infinity, Number.NaN]) {
    expect(isWritableTime(other)).toBe(false);
    expect(() => rfc3339(other)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  }
});
