// Time zones of the IANA database, as this Node's ICU knows them: how far local time is from UTC. Pure but for what it remembers.
// **Trust:** names are anybody's who may write a policy.

import { isWritableTime } from './clock.ts';

const MINUTE_MS = 60_000;

export type TimeZone = {
  readonly name: string;
  /**
   * Local time minus UTC at the beginning of the minute, in ms. Zones change within no minute since 1972. NaN for a time that
   * can't be written.
   */
  readonly offsetMs: (epochMs: number) => number;
};

/**
 * The zone of a name: `UTC`, or of a place, as `Europe/Lisbon`. Undefined for anything else: an abbreviation such as `EST` or
 * `IST` means another zone to each reader, and one that knows no summer time.
 */
export function openTimeZone(name: string): TimeZone | undefined {
  if (name !== 'UTC' && !/^[A-Za-z]+(\/[A-Za-z0-9_+-]+)+$/.test(name)) return undefined;
  const format = formatOf(name);
  if (format === undefined) return undefined;
  // Decisions are about now: the last minute answers nearly all of them.
  let known = { minute: Number.NaN, offsetMs: 0 };
  return {
    name,
    offsetMs: (epochMs) => {
      if (!isWritableTime(epochMs)) return Number.NaN;
      const minute = Math.floor(epochMs / MINUTE_MS);
      if (minute !== known.minute) known = { minute, offsetMs: readOffset(format.format(minute * MINUTE_MS)) };
      return known.offsetMs;
    },
  };
}

/** Names of zones to choose from, for remedies. */
export function timeZoneNames(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** Of a text that ends with `GMT`, `GMT+05:30` or, before zones had whole minutes, `GMT-00:36:45`. */
function readOffset(text: string): number {
  const found = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(text);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = found ?? [];
  const offsetMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -offsetMs : offsetMs;
}
