import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createTimeWatch, type TimeWatch } from '#base/time-watch.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-11-22T10:00:00Z');

/** The clock on the wall, which can be set, and the one that only goes on. */
let shiftMs: number;
let passedMs: number;
let told: number;
let watch: TimeWatch;
const nowMs = () => START_MS + passedMs + shiftMs;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  shiftMs = 0;
  passedMs = 0;
  told = 0;
  watch = createTimeWatch({ nowMs, monotonicMs: () => passedMs }, () => {
    told += 1;
  });
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

/** Lets time go on, a millisecond at a time. */
function wait(ms: number): void {
  for (let n = 0; n < ms; n++) {
    passedMs += 1;
    vi.advanceTimersByTime(1);
  }
}

test('each time is told in the millisecond in which it has passed, and not what had passed before', () => {
  watch.watch([nowMs() - 1, nowMs() + 50, nowMs() + 500]);
  wait(49);
  expect(told).toBe(0);
  wait(1);
  expect(told).toBe(1);
  wait(450);
  expect(told).toBe(2);
  wait(LIMITS.timeWatchMsMax);
  expect(told).toBe(2);
});

test('ten thousand times in a second are told a few times, and the last one in the end', () => {
  watch.watch(Array.from({ length: 10_000 }, (_, n) => nowMs() + n / 10));
  wait(1_000);
  expect(told).toBeGreaterThan(1);
  expect(told).toBeLessThanOrEqual(1_000 / LIMITS.timeWatchMsMin + 1);
  const before = told;
  wait(LIMITS.timeWatchMsMin);
  expect(told).toBe(before + 1);
  wait(1_000);
  expect(told).toBe(before + 1);
});

test('a time further away than a timer can wait is not told at once', () => {
  watch.watch([nowMs() + 2 ** 31 + 5_000]);
  wait(2 * LIMITS.timeWatchMsMax);
  expect(told).toBe(0);
});

test('a clock that is set forward or back over a time is noticed at the next look', () => {
  watch.watch([nowMs() + HOUR_MS]);
  wait(10);
  shiftMs = 2 * HOUR_MS;
  wait(LIMITS.timeWatchMsMax);
  expect(told).toBe(1);
  shiftMs = 0;
  wait(LIMITS.timeWatchMsMax);
  expect(told).toBe(2);
  wait(3 * LIMITS.timeWatchMsMax);
  expect(told).toBe(2);
});

test('only the times given last are watched, none keep no timer, and after close nothing is told', () => {
  watch.watch([nowMs() + 40]);
  watch.watch([]);
  expect(vi.getTimerCount()).toBe(0);
  wait(80);
  watch.watch([nowMs() + 40]);
  watch.close();
  watch.watch([nowMs() + 40]);
  wait(80);
  expect([told, vi.getTimerCount()]).toEqual([0, 0]);
});
