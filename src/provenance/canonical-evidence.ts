// Canonical JSON that always comes to be: an agent's value must not be able to keep its call out of the log.

import { canonicalJson } from '#base/canonical-json.ts';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';

/**
 * JCS of a value. What JCS cannot write is replaced: lone surrogates by U+FFFD, numbers past the range of JSON (`1e999`)
 * by their name as text, what is nested deeper than any door lets in by a note that says so.
 *
 * **Trust:** the value is an agent's or a guest's.
 */
export function canonicalEvidence(value: Json): string {
  try {
    return canonicalJson(value);
  } catch (thrown) {
    if (!(thrown instanceof SmcpError)) throw thrown;
    return canonicalJson(writable(value, LIMITS.jsonDepthMax));
  }
}

function writable(value: Json, depthLeft: number): Json {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value === 'boolean') return value;
  if (depthLeft === 0) return 'nested too deep to be kept';
  if (isJsonObject(value)) {
    const entries = Object.entries(value).map(([key, inner]) => [key.toWellFormed(), writable(inner, depthLeft - 1)]);
    return Object.fromEntries(entries);
  }
  return value.map((inner) => writable(inner, depthLeft - 1));
}
