// The hours of a rule: on which days and between which local times it holds. Pure. What a clock on the wall there shows decides,
// so a time that a change of the clocks skips never comes, and one that it repeats comes twice.

import { rfc3339 } from '#base/clock.ts';
import type { TimeZone } from '#base/time-zone.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const WEEK_MINUTES = 7 * DAY_MINUTES;
/** The epoch began on a Thursday. */
const EPOCH_MINUTES = 3 * DAY_MINUTES;

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Minutes of the local week, from Monday 00:00: from the first to before the second. */
type Span = readonly [fromMinute: number, toMinute: number];

export type Hours = {
  /** As people read it. The same text, the same hours. */
  readonly text: string;
  readonly timezone: string;
  /** Ascending, not touching each other; what goes over the end of the week stands in two. */
  readonly spans: readonly Span[];
  /** `unknown` for a time that is no number: no grant holds then, and every deny. */
  readonly at: (epochMs: number) => 'open' | 'closed' | 'unknown';
  /** When they open next; undefined when they are open, or it takes a change of the clocks to say. */
  readonly opensMs: (epochMs: number) => number | undefined;
};

/** As the schema has them. Absent: every day; from the beginning of a day; to its end. */
export type WrittenHours = {
  readonly days?: readonly string[];
  readonly from?: string;
  readonly to?: string;
};

/**
 * Hours ready to be asked; undefined where `from` is `to`, which says nothing. Where `to` is before `from` they go over
 * midnight, and belong to the day on which they begin.
 */
export function createHours(written: WrittenHours, zone: TimeZone): Hours | undefined {
  const { days = DAYS, from = '00:00', to = '24:00' } = written;
  const [first, last] = [minutesOf(from), minutesOf(to)];
  if (first === last) return undefined;
  const spans = spansOf(
    DAYS.flatMap((day, at) => (days.includes(day) ? [at * DAY_MINUTES] : [])),
    [first, last > first ? last : last + DAY_MINUTES],
  );
  const minuteAt = (epochMs: number) => {
    const local = Math.floor((epochMs + zone.offsetMs(epochMs)) / MINUTE_MS) + EPOCH_MINUTES;
    return ((local % WEEK_MINUTES) + WEEK_MINUTES) % WEEK_MINUTES;
  };
  const at: Hours['at'] = (epochMs) => {
    const minute = minuteAt(epochMs);
    if (Number.isNaN(minute)) return 'unknown';
    return spans.some((span) => span[0] <= minute && minute < span[1]) ? 'open' : 'closed';
  };
  const opensMs: Hours['opensMs'] = (epochMs) => {
    if (at(epochMs) !== 'closed') return undefined;
    const now = minuteAt(epochMs);
    const waits = spans.map(([begins]) => (begins - now + WEEK_MINUTES) % WEEK_MINUTES);
    const guessMs = (Math.floor(epochMs / MINUTE_MS) + Math.min(...waits)) * MINUTE_MS;
    const opens = guessMs - (zone.offsetMs(guessMs) - zone.offsetMs(epochMs));
    return at(opens) === 'open' && at(opens - 1) === 'closed' ? opens : undefined;
  };
  const named = days.length === DAYS.length ? 'every day' : DAYS.filter((day) => days.includes(day)).join(', ');
  return { text: `${named} ${from} to ${to} ${zone.name}`, timezone: zone.name, spans, at, opensMs };
}

/** Whether `outer` is open whenever `inner` is; undefined stands for always. False where that isn't certain. */
export function coversHours(outer: Hours | undefined, inner: Hours | undefined): boolean {
  if (outer === undefined || isAlwaysOpen(outer)) return true;
  if (inner === undefined || outer.timezone !== inner.timezone) return false;
  return inner.spans.every(([from, to]) => outer.spans.some((span) => span[0] <= from && to <= span[1]));
}

const isAlwaysOpen = ({ spans }: Hours): boolean => spans[0]?.[0] === 0 && spans[0][1] === WEEK_MINUTES;

/** For a person who asks why a rule does not hold: which hours it has, and when they open. */
export function describeClosed(hours: Hours, nowMs: number): string {
  const opensMs = hours.opensMs(nowMs);
  return `is closed at this time: its hours are ${hours.text}${opensMs === undefined ? '' : `, from ${rfc3339(opensMs)} again`}`;
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

function spansOf(beginnings: readonly number[], [from, to]: Span): readonly Span[] {
  const parts = beginnings.flatMap((begins): Span[] => {
    const end = begins + to;
    if (end <= WEEK_MINUTES) return [[begins + from, end]];
    return [
      [begins + from, WEEK_MINUTES],
      [0, end - WEEK_MINUTES],
    ];
  });
  const merged: Span[] = [];
  for (const [begins, ends] of parts.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && begins <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], ends)];
    else merged.push([begins, ends]);
  }
  return merged;
}
