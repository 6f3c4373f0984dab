import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createKnownValues } from '#secrets/known-values.ts';

describe('the values that a server knows', () => {
  test('are none at first', () => {
    expect(createKnownValues().mask()).toBeUndefined();
  });

  test('are the last one of each name and the one before it, which a call may still have', () => {
    const known = createKnownValues();
    for (const value of ['first value', 'second value', 'third value']) known.add('A', value);
    known.add('B', 'other value');
    expect(known.mask()?.text('first value, second value, third value, other value')).toBe(
      'first value, [secret], [secret], [secret]',
    );
  });

  test('that are read again and again make no new mask', () => {
    const known = createKnownValues();
    known.add('A', 'first value');
    const mask = known.mask();
    known.add('A', 'first value');
    expect(known.mask()).toBe(mask);
  });

  test('are bounded: those that were used longest ago go first', () => {
    const known = createKnownValues();
    const count = LIMITS.secretsKnownBytesMax / LIMITS.secretBytesMax;
    const value = (at: number) => `${at}-`.padEnd(LIMITS.secretBytesMax, String(at % 10));
    for (let at = 0; at < count; at += 1) known.add(`S${at}`, value(at));
    known.add('S0', value(0));
    known.add('NEW', value(count));
    expect(known.mask()?.text(value(1))).toBe(value(1));
    for (const at of [0, 2, count]) expect(known.mask()?.text(value(at))).toBe('[secret]');
  });
});
