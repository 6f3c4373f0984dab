// One piece of work at a time, and an end for what is idle.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createTurns } from '#replay/turns.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('turns', () => {
  test('go one after the other, also behind one that failed', async () => {
    const turns = createTurns(async () => {});
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      if (name === 'one') throw new Error('on purpose');
      return name;
    };
    const all = await Promise.allSettled([turns.take(work('one')), turns.take(work('two'))]);
    expect(seen).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
    expect(all).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: 'two' }]);
  });

  test('end what is idle, once nothing came for a while', async () => {
    let ended = 0;
    const turns = createTurns(async () => {
      ended += 1;
    });
    await turns.take(async () => {});
    await vi.advanceTimersByTimeAsync(LIMITS.replayIdleMs - 1);
    await turns.take(async () => {});
    await vi.advanceTimersByTimeAsync(LIMITS.replayIdleMs - 1);
    expect(ended).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toBe(1);
  });
});
