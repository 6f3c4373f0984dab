// A request body from bytes to JSON that the rest may walk, compare and record without surprise: bounded in depth before
// it is parsed, free of keys that reach prototypes, and I-JSON (RFC 7493) in its numbers and strings, since what can't be
// written as canonical JSON can't be recorded. **Trust:** the bytes are the caller's.

import { isUtf8 } from 'node:buffer';
import { parseBoundedJson } from '#base/bounded-json.ts';
import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';

/** Only these can spell a number beyond a double, half a surrogate pair, or a key that reaches a prototype. */
const SUSPECT = /\d[eE]\+?\d|\d{309}|\\u|__proto__|constructor/;

/**
 * The JSON in `bytes`; undefined for an empty body.
 *
 * @throws `REQUEST_INVALID`
 */
export function parseJsonBody(bytes: Buffer): Json | undefined {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw invalid('the body is not UTF-8');
  const text = bytes.toString('utf8');
  const parsed = parseBoundedJson(text);
  if (parsed.kind === 'too-deep') throw invalid(`the body is nested deeper than ${LIMITS.jsonDepthMax}`);
  if (parsed.kind === 'too-many') throw invalid(`the body has more than ${LIMITS.jsonValuesMax} values`);
  if (parsed.kind === 'broken') throw invalid('the body is not valid JSON');
  const { value } = parsed;
  if (SUSPECT.test(text)) checkValue(value);
  return value;
}

/** Walks a value that is no deeper than `jsonDepthMax`. */
function checkValue(value: Json): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalid('a number of the body is out of range');
  if (typeof value === 'string' && !value.isWellFormed()) throw invalid('a string of the body is not valid Unicode');
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    const reachesPrototype =
      key === '__proto__' ||
      (key === 'constructor' && typeof item === 'object' && item !== null && Object.hasOwn(item, 'prototype'));
    if (reachesPrototype) throw invalid(`the body has a forbidden key: ${key}`);
    if (!key.isWellFormed()) throw invalid('a key of the body is not valid Unicode');
    checkValue(item);
  }
}

function invalid(message: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: { remedy: 'send one JSON document in UTF-8' } });
}
