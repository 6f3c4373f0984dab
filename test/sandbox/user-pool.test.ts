import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createUserPool, isRangeMapped } from '#sandbox/host/user-pool.ts';

const RANGE = { first: 100, count: 3 };
const nobody = () => new Set<number>();

describe('a pool of users', () => {
  test('gives each owner one of its own, the same as long as one lease is out', () => {
    const pool = createUserPool(RANGE, nobody);
    const [first, again, second] = [pool.take('a'), pool.take('a'), pool.take('b')];
    expect(again.uid).toBe(first.uid);
    expect(second.uid).not.toBe(first.uid);
    first[Symbol.dispose]();
    expect(pool.take('a').uid).toBe(again.uid);
  });

  test('gives no user to two owners, and refuses when none is left', () => {
    const pool = createUserPool(RANGE, nobody);
    const leases = ['a', 'b', 'c'].map((owner) => pool.take(owner));
    expect(leases.map(({ uid }) => uid).sort()).toEqual([100, 101, 102]);
    expect(() => pool.take('d')).toThrowError(expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE' }));
    leases[1]?.[Symbol.dispose]();
    expect(pool.take('d').uid).toBe(leases[1]?.uid);
  });

  test('a lease that is given back twice counts once', () => {
    const pool = createUserPool({ first: 100, count: 1 }, nobody);
    const [first] = [pool.take('a'), pool.take('a')];
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    expect(() => pool.take('b')).toThrowError();
  });

  test('gives back last what was given back last', () => {
    const pool = createUserPool(RANGE, nobody);
    const first = pool.take('a');
    first[Symbol.dispose]();
    expect(pool.take('b').uid).not.toBe(first.uid);
  });

  test('gives none that a process, or a name, of the machine has', () => {
    const pool = createUserPool(RANGE, () => new Set([100, 102]));
    expect(pool.take('a').uid).toBe(101);
    expect(() => pool.take('b')).toThrowError();
    // Of this very process, and of root's name.
    const own = process.getuid?.() ?? 0;
    expect(() => createUserPool({ first: own, count: 1 }).take('a')).toThrowError();
    expect(() => createUserPool({ first: 0, count: 1 }).take('a')).toThrowError();
  });

  test('has room for every warden and the processes of every tier', () => {
    expect(LIMITS.pluginUidsMax).toBeGreaterThan(4 * LIMITS.wardensMax);
    expect(LIMITS.pluginUidFirst + LIMITS.pluginUidsMax).toBeLessThanOrEqual(61_184);
  });
});

test('a range that this machine does not have is told from one that it has', () => {
  expect(isRangeMapped({ first: 0, count: 1 })).toBe(true);
  expect(isRangeMapped({ first: 2 ** 32, count: 1 })).toBe(false);
});
