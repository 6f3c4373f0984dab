// Reads the params of a host call. Called by the broker's files only. Trusts nothing: params are the guest's.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { malformed } from '#domain/refusal.ts';

/** The params as an object with none but these keys. @throws `REQUEST_INVALID` */
export function fieldsOf(name: string, params: Json, keys: readonly string[]): JsonObject {
  const isKnown = isJsonObject(params) && Object.keys(params).every((key) => keys.includes(key));
  if (isKnown) return params;
  const what = keys.length === 0 ? 'an empty object' : `an object with: ${keys.join(', ')}`;
  throw malformed({
    asked: isJsonObject(params) ? Object.keys(params).join(', ') : kindOfJson(params),
    ...{ allowed: keys, message: `${name} takes ${what}`, remedy: 'leave out what it does not take' },
  });
}

const kindOfJson = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;

/** For a value that is no name, path, URL or header: the message says what it has to be, and quotes nothing of the guest's. */
export function invalid(message: string, remedy?: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, remedy === undefined ? {} : { details: { remedy } });
}
