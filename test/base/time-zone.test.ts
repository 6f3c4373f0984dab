import { describe, expect, test } from 'vitest';
import { openTimeZone, timeZoneNames } from '#base/time-zone.ts';

const MINUTE_MS = 60_000;
const at = (text: string) => Date.parse(text);

describe('the offset of a zone', () => {
  test.each<[string, string, number]>([
    ['UTC', '2026-07-01T12:00:00Z', 0],
    ['Europe/Lisbon', '2026-01-15T12:00:00Z', 0],
    ['Europe/Lisbon', '2026-07-15T12:00:00Z', 60],
    ['America/New_York', '2026-01-15T12:00:00Z', -300],
    ['Asia/Kathmandu', '2026-01-15T12:00:00Z', 345],
    ['Pacific/Kiritimati', '2026-01-15T12:00:00Z', 840],
    // The last minute before a change of the clocks, and the first after it.
    ['Europe/Lisbon', '2026-03-29T00:59:59.999Z', 0],
    ['Europe/Lisbon', '2026-03-29T01:00:00Z', 60],
    ['Europe/Lisbon', '2026-10-25T00:59:59.999Z', 60],
    ['Europe/Lisbon', '2026-10-25T01:00:00Z', 0],
    // Half an hour of summer time.
    ['Australia/Lord_Howe', '2026-01-15T12:00:00Z', 660],
    ['Australia/Lord_Howe', '2026-07-15T12:00:00Z', 630],
    // Before zones had whole minutes.
    ['America/New_York', '1880-01-01T12:00:00Z', -(4 * 60 + 56) - 2 / 60],
  ])('%s at %s is %d minutes', (name, time, minutes) => {
    expect(openTimeZone(name)?.offsetMs(at(time))).toBeCloseTo(minutes * MINUTE_MS, 3);
  });

  test('is asked in any order of times', () => {
    const zone = openTimeZone('Europe/Lisbon');
    const times = ['2026-07-15T12:00:00Z', '2026-01-15T12:00:00Z', '2026-07-15T12:00:30Z', '2026-01-15T12:00:00Z'];
    expect(times.map((time) => zone?.offsetMs(at(time)))).toEqual([60, 0, 60, 0].map((minutes) => minutes * MINUTE_MS));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 9e15, -9e15])('is no number at %d, which is no time', (epochMs) => {
    expect(openTimeZone('UTC')?.offsetMs(epochMs)).toBeNaN();
    expect(openTimeZone('Europe/Lisbon')?.offsetMs(epochMs)).toBeNaN();
  });
});

test.each([
  '',
  'Lisbon',
  'EST',
  'IST',
  'CET',
  'GMT',
  'utc',
  '+01:00',
  'Europe/Lisbno',
  'Europe/',
  '../etc',
  'a'.repeat(64),
])('there is no zone %j', (name) => {
  expect(openTimeZone(name)).toBeUndefined();
});

test('every name to choose from is one', () => {
  expect(timeZoneNames().length).toBeGreaterThan(300);
  expect(timeZoneNames().filter((name) => openTimeZone(name) === undefined)).toEqual([]);
});
