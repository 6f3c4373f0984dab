import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSetBack } from '#base/set-back.ts';
import { openTimeZone } from '#base/time-zone.ts';
import { createHours, type WrittenHours } from '#policy/hours.ts';
import { createHoursWatch, type HoursWatch } from '#policy/hours-watch.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

let wallMs: number;
let steadyMs: number;
let told: string[];
let watch: HoursWatch;

const hoursOf = (written: WrittenHours, timezone = 'UTC') => {
  const zone = openTimeZone(timezone);
  const hours = zone && createHours(written, zone);
  return hours === undefined ? [] : [hours];
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  wallMs = Date.parse('2026-01-05T07:58:12.345Z');
  steadyMs = 0;
  told = [];
  const clock = { nowMs: () => wallMs, monotonicMs: () => steadyMs };
  const setBack = createSetBack(clock, () => {});
  watch = createHoursWatch({ clock, setBack }, () => void told.push(new Date(wallMs).toISOString().slice(11, 19)));
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

/** Lets time go on, a second at a time. */
function wait(ms: number): void {
  for (let n = 0; n < ms; n += SECOND_MS) {
    steadyMs += SECOND_MS;
    wallMs += SECOND_MS;
    vi.advanceTimersByTime(SECOND_MS);
  }
}

describe('hours that are watched', () => {
  test('are told within a second of their beginning and their end, and at no other time', () => {
    watch.watch(hoursOf({ from: '08:00', to: '08:30' }));
    wait(2 * HOUR_MS);
    expect(told).toEqual(['08:00:00', '08:30:00']);
  });

  test('and those of several rules that begin together once', () => {
    watch.watch([...hoursOf({ from: '08:00', to: '08:30' }), ...hoursOf({ from: '08:00' })]);
    wait(HOUR_MS);
    expect(told).toEqual(['08:00:00', '08:30:00']);
  });

  test('are told when a change of the clocks skips their beginning', () => {
    wallMs = Date.parse('2026-03-29T00:50:00.345Z');
    watch.watch(hoursOf({ from: '01:30', to: '05:00' }, 'Europe/Lisbon'));
    wait(HOUR_MS);
    expect(told).toEqual(['01:00:00']);
  });

  test('are told once the clock was set over their end, forward', () => {
    watch.watch(hoursOf({ from: '07:00', to: '09:00' }));
    wallMs += 5 * HOUR_MS;
    wait(MINUTE_MS);
    expect(told.length).toBe(1);
  });

  test('and when it was set back out of them', () => {
    watch.watch(hoursOf({ from: '07:00', to: '09:00' }));
    wallMs -= 5 * HOUR_MS;
    wait(MINUTE_MS);
    expect(told.length).toBe(1);
  });

  test('are not told any more when others take their place, nor after the close', () => {
    watch.watch(hoursOf({ from: '08:00', to: '08:30' }));
    watch.watch(hoursOf({ from: '08:10', to: '08:20' }));
    wait(HOUR_MS / 4);
    expect(told).toEqual(['08:10:00']);
    watch.close();
    wait(HOUR_MS);
    expect(told).toEqual(['08:10:00']);
  });

  test('need no timer where there are none', () => {
    watch.watch([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
