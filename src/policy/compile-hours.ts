// The hours of a policy's rules, made ready. Pure. Those written twice are made once; a zone is opened once.

import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import { openTimeZone, type TimeZone, timeZoneNames } from '#base/time-zone.ts';
import { createHours, type Hours, type WrittenHours } from './hours.ts';

/** What is wrong, and at which key of the hours. */
type HoursFault = { readonly key: string; readonly message: string; readonly remedy: string };

export type CompiledHours =
  | { readonly kind: 'hours'; readonly hours: Hours }
  | { readonly kind: 'fault'; readonly fault: HoursFault };

/** `written` fits the schema of hours. */
export type HoursCompiler = (written: JsonObject) => CompiledHours;

export function createHoursCompiler(): HoursCompiler {
  const zones = new Map<string, TimeZone | undefined>();
  const known = new Map<string, CompiledHours>();
  let told = 0;

  const zoneOf = (name: string) => {
    if (!zones.has(name)) zones.set(name, openTimeZone(name));
    return zones.get(name);
  };
  const compile = (written: JsonObject): CompiledHours => {
    const name = String(written['timezone']);
    const zone = zoneOf(name);
    if (zone === undefined) {
      told += 1;
      return { kind: 'fault', fault: unknownZone(name, told) };
    }
    const hours = createHours(written as WrittenHours, zone);
    if (hours !== undefined) return { kind: 'hours', hours };
    const message = `hours from ${written['from'] ?? '00:00'} to ${written['to']} hold at no time, or at all of them`;
    const remedy = 'leave both out for whole days, or write another time; 24:00 is the end of a day';
    return { kind: 'fault', fault: { key: 'to', message, remedy } };
  };
  return (written) => {
    const key = JSON.stringify(written);
    const compiled = known.get(key) ?? compile(written);
    known.set(key, compiled);
    return compiled;
  };
}

/** Only the first ones get a name that is meant: an agent may send a text of nothing else. */
function unknownZone(name: string, told: number): HoursFault {
  const near = told > LIMITS.policySuggestionsMax ? undefined : nearest(name, timeZoneNames());
  return {
    key: 'timezone',
    message: `there is no time zone ${JSON.stringify(name)}`,
    remedy:
      near === undefined
        ? 'write UTC, or a place of the IANA database, such as Europe/Lisbon'
        : `did you mean ${JSON.stringify(near)}?`,
  };
}
