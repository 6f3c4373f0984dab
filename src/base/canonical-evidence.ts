// Canonical JSON that always comes to be: an agent's value must not be able to keep its call out of the log.

import { canonicalExactJson } from './canonical-json.ts';
import { SmcpError } from './errors.ts';
import { type ExactJson, isExactNumber, isExactObject } from './exact-json.ts';
import { isInRange } from './exact-number.ts';
import { LIMITS } from './limits.ts';

/**
 * JCS of a value, a number that no double holds with all its digits. What JCS cannot write is replaced: lone surrogates by
 * U+FFFD, numbers out of range (`1e999`) by their spelling as text, what is nested deeper than any door lets in by a note that says so.
 *
 * **Trust:** the value is an agent's or a guest's.
 */
export function canonicalEvidence(value: ExactJson): string {
  try {
    return canonicalExactJson(value);
  } catch (thrown) {
    if (!(thrown instanceof SmcpError)) throw thrown;
    return canonicalExactJson(writable(value, LIMITS.jsonDepthMax));
  }
}

function writable(value: ExactJson, depthLeft: number): ExactJson {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value === 'boolean') return value;
  if (isExactNumber(value)) return isInRange(value.rawJSON) ? value : value.rawJSON;
  if (depthLeft === 0) return 'nested too deep to be kept';
  if (isExactObject(value)) {
    const entries = Object.entries(value).map(([key, inner]) => [key.toWellFormed(), writable(inner, depthLeft - 1)]);
    return Object.fromEntries(entries);
  }
  return (value as readonly ExactJson[]).map((inner) => writable(inner, depthLeft - 1));
}
