import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomHex, uuidv7 } from '#base/ids.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const timesMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test('an id is a UUIDv7 that holds its time', () => {
  fc.assert(
    fc.property(timesMs, (nowMs) => {
      const id = uuidv7(nowMs);
      expect(id).toMatch(UUID_V7);
      expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
    }),
  );
});

test('ids sort as text in the order of their milliseconds', () => {
  fc.assert(
    fc.property(timesMs, timesMs, (a, b) => {
      fc.pre(a < b);
      expect(uuidv7(a) < uuidv7(b)).toBe(true);
    }),
  );
});

test('ids of one millisecond differ', () => {
  const ids = new Set(Array.from({ length: 1_000 }, () => uuidv7(1_700_000_000_000)));
  expect(ids.size).toBe(1_000);
});

test('an id is made of the present time when none is given', () => {
  const before = Date.now();
  const timeMs = Number.parseInt(uuidv7().replaceAll('-', '').slice(0, 12), 16);
  expect(timeMs).toBeGreaterThanOrEqual(before);
  expect(timeMs).toBeLessThanOrEqual(Date.now());
});

test.each([0, 1, 16, 32])('random hex of %d bytes has two digits for each', (byteCount) => {
  expect(randomHex(byteCount)).toMatch(new RegExp(`^[0-9a-f]{${2 * byteCount}}$`));
});
