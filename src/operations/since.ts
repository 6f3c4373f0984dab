// A time back to which something is looked at, as callers write it.

import { isWritableTime } from '#base/clock.ts';
import { parseDurationMs } from '#base/duration.ts';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';

/** The property of an input, for its schema. */
export function sinceProperty(absent: string): JsonObject {
  const description = `How far back: a duration such as 30d, or a time such as 2026-01-01T00:00:00Z; ${absent} if absent.`;
  return { type: 'string', description };
}

const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$/;

/** Milliseconds since the epoch, of a duration before `nowMs` or a time as in RFC 3339. @throws `USAGE` */
export function readSince(written: string, nowMs: number): number {
  if (!TIME.test(written)) return nowMs - parseDurationMs(written);
  const ms = Date.parse(written.toUpperCase());
  if (isWritableTime(ms)) return ms;
  throw new SmcpError('USAGE', `${JSON.stringify(written)} is no time`, {
    details: { remedy: 'write a time such as 2026-01-01T00:00:00Z, or a duration such as 30d' },
  });
}
