import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openTimeZone } from '#base/time-zone.ts';
import { coversHours, createHours, DAYS, type Hours, type WrittenHours } from '#policy/hours.ts';

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;

function hoursOf(written: WrittenHours, timezone = 'UTC'): Hours {
  const zone = openTimeZone(timezone);
  const hours = zone === undefined ? undefined : createHours(written, zone);
  if (hours === undefined) throw new Error('no hours');
  return hours;
}

const stateOf = (hours: Hours, time: string) => hours.at(Date.parse(time));

const WORK = hoursOf({ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '20:00' }, 'Europe/Lisbon');
const NIGHTS = hoursOf({ days: ['fri', 'sun'], from: '22:00', to: '06:00' });
const WEEKEND = hoursOf({ days: ['sat', 'sun'] });
/** 01:00 to 02:00 is skipped in Lisbon on the last Sunday of March, and comes twice on the last of October. */
const EARLY = hoursOf({ from: '01:15', to: '01:45' }, 'Europe/Lisbon');
const ACROSS = hoursOf({ from: '00:30', to: '01:30' }, 'Europe/Lisbon');

describe('hours are', () => {
  test.each<[string, Hours, string, 'open' | 'closed']>([
    ['from the first minute on', WORK, '2026-01-05T08:00:00Z', 'open'],
    ['not the moment before', WORK, '2026-01-05T07:59:59.999Z', 'closed'],
    ['to the last moment', WORK, '2026-01-05T19:59:59.999Z', 'open'],
    ['not at the end itself', WORK, '2026-01-05T20:00:00Z', 'closed'],
    ['not on another day', WORK, '2026-01-04T12:00:00Z', 'closed'],
    ['by summer time in summer', WORK, '2026-07-06T07:00:00Z', 'open'],
    ['and its end', WORK, '2026-07-06T19:00:00Z', 'closed'],
    ['over midnight on the day they begin', NIGHTS, '2026-01-02T23:00:00Z', 'open'],
    ['into the next day, which is not named', NIGHTS, '2026-01-03T05:59:00Z', 'open'],
    ['to its end', NIGHTS, '2026-01-03T06:00:00Z', 'closed'],
    ['not the morning of the day they begin', NIGHTS, '2026-01-02T05:00:00Z', 'closed'],
    ['not the evening of the day they end', NIGHTS, '2026-01-03T23:00:00Z', 'closed'],
    ['over the end of the week', NIGHTS, '2026-01-05T05:59:00Z', 'open'],
    ['and no longer', NIGHTS, '2026-01-05T06:00:00Z', 'closed'],
    ['whole days', WEEKEND, '2026-01-03T00:00:00Z', 'open'],
    ['to the end of the last', WEEKEND, '2026-01-04T23:59:59.999Z', 'open'],
    ['and not the day after', WEEKEND, '2026-01-05T00:00:00Z', 'closed'],
    ['before a time that is skipped', ACROSS, '2026-03-29T00:59:00Z', 'open'],
    ['past it: the clock shows 02:00', ACROSS, '2026-03-29T01:00:00Z', 'closed'],
    ['never, where all of them is skipped', EARLY, '2026-03-29T01:20:00Z', 'closed'],
    ['the day before', EARLY, '2026-03-28T01:20:00Z', 'open'],
    ['the first time that 01:15 comes', EARLY, '2026-10-25T00:15:00Z', 'open'],
    ['not after 01:45', EARLY, '2026-10-25T00:45:00Z', 'closed'],
    ['not when the clock goes back to 01:00', EARLY, '2026-10-25T01:00:00Z', 'closed'],
    ['the second time that 01:15 comes', EARLY, '2026-10-25T01:15:00Z', 'open'],
  ])('%s', (_name, hours, time, state) => {
    expect(stateOf(hours, time)).toBe(state);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 9e15])('neither open nor closed at %d', (epochMs) => {
    expect(WORK.at(epochMs)).toBe('unknown');
  });

  test('none where they begin when they end', () => {
    const zone = openTimeZone('UTC');
    expect(zone && createHours({ from: '08:00', to: '08:00' }, zone)).toBeUndefined();
    expect(zone && createHours({ to: '00:00' }, zone)).toBeUndefined();
  });
});

describe('when closed hours open again', () => {
  test.each<[string, Hours, string, string | undefined]>([
    ['the same day', WORK, '2026-01-05T06:30:10Z', '2026-01-05T08:00:00.000Z'],
    ['after the weekend', WORK, '2026-01-02T21:00:00Z', '2026-01-05T08:00:00.000Z'],
    ['after a change of the clocks', WORK, '2026-03-28T12:00:00Z', '2026-03-30T07:00:00.000Z'],
    ['the first of two times', EARLY, '2026-10-24T12:00:00Z', '2026-10-25T00:15:00.000Z'],
    ['no answer while they are open', WORK, '2026-01-05T09:00:00Z', undefined],
    ['no answer that is a skipped time', EARLY, '2026-03-28T12:00:00Z', undefined],
  ])('%s', (_name, hours, time, opens) => {
    const opensMs = hours.opensMs(Date.parse(time));
    expect(opensMs === undefined ? undefined : new Date(opensMs).toISOString()).toBe(opens);
  });
});

const clockTime = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
const written = fc
  .record({
    days: fc.subarray([...DAYS], { minLength: 1 }),
    from: clockTime,
    to: fc.oneof(clockTime, fc.constant('24:00')),
  })
  .filter(({ from, to }) => from !== to);
const zoneName = fc.constantFrom('UTC', 'Europe/Lisbon', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe');
const epochMs = fc.integer({ min: Date.parse('1990-01-01'), max: Date.parse('2037-01-01') });

/** What a clock and a calendar there show, by the means of the language. */
function shown(timeZone: string, ms: number): { day: string; time: string; dayBefore: string } {
  const parts = (at: number) =>
    Object.fromEntries(
      new Intl.DateTimeFormat('en-US', {
        timeZone,
        hourCycle: 'h23',
        weekday: 'short',
        hour: '2-digit',
        minute: '2-digit',
      })
        .formatToParts(at)
        .map(({ type, value }) => [type, value]),
    );
  const { weekday = '', hour, minute } = parts(ms);
  const day = weekday.toLowerCase();
  const dayBefore = DAYS[([...DAYS, ''].indexOf(day) + 6) % 7] ?? '';
  return { day, time: `${hour}:${minute}`, dayBefore };
}

describe('laws of hours', () => {
  test('what a clock on the wall there shows decides', () => {
    fc.assert(
      fc.property(written, zoneName, epochMs, ({ days, from, to }, name, ms) => {
        const { day, time, dayBefore } = shown(name, ms);
        const isOvernight = to < from;
        const isToday = days.some((each) => each === day) && time >= from && (isOvernight || time < to);
        const isSinceYesterday = isOvernight && days.some((each) => each === dayBefore) && time < to;
        const expected = isToday || isSinceYesterday ? 'open' : 'closed';
        expect(hoursOf({ days, from, to }, name).at(ms)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test('hours cover others exactly when they are open at each of their minutes', () => {
    // Few times, so that pairs often cover each other.
    const times = fc.constantFrom('00:00', '06:00', '08:00', '20:00', '22:00');
    const few = fc
      .record({
        days: fc.subarray([...DAYS], { minLength: 1 }),
        from: times,
        to: fc.oneof(times, fc.constant('24:00')),
      })
      .filter(({ from, to }) => from !== to);
    let covering = 0;
    fc.assert(
      fc.property(few, few, (one, other) => {
        const [outer, inner] = [hoursOf(one), hoursOf(other)];
        let isOpenThroughout = true;
        for (let ms = 0; ms < WEEK_MS; ms += 60 * MINUTE_MS) {
          if (inner.at(ms) === 'open' && outer.at(ms) !== 'open') isOpenThroughout = false;
        }
        if (isOpenThroughout) covering += 1;
        expect(coversHours(outer, inner)).toBe(isOpenThroughout);
      }),
      { numRuns: 500, seed: 7 },
    );
    expect(covering).toBeGreaterThan(20);
  });

  test('no hours at all cover every hours, and only hours of all the week cover none at all', () => {
    expect(coversHours(undefined, WORK)).toBe(true);
    expect(coversHours(undefined, undefined)).toBe(true);
    expect(coversHours(WORK, undefined)).toBe(false);
    expect(coversHours(hoursOf({ days: [...DAYS] }), undefined)).toBe(true);
    expect(coversHours(hoursOf({ days: [...DAYS] }), WORK)).toBe(true);
  });

  test('hours of different zones are never sure to cover each other', () => {
    expect(coversHours(hoursOf({ from: '01:00' }), hoursOf({ from: '12:00', to: '13:00' }, 'Europe/Lisbon'))).toBe(
      false,
    );
  });
});
