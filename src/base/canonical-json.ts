// Canonical JSON (RFC 8785, JCS). The only importer of `canonicalize`.

import canonicalizeModule from 'canonicalize';
import { SmcpError } from './errors.ts';
import { type ExactJson, isExactObject, isPlainJson, numberSpelling } from './exact-json.ts';
import { canonicalNumber } from './exact-number.ts';
import type { Json } from './json.ts';

const canonicalize = canonicalizeModule as unknown as (value: unknown) => string | undefined;

/**
 * The JCS text of a JSON value. Its numbers are doubles: for what came with others, `canonicalExactJson`.
 *
 * @throws `INTERNAL` for what is not JSON (undefined, NaN, functions).
 */
export function canonicalJson(value: Json): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new SmcpError('INTERNAL', 'value is not JSON', { cause });
  }
  if (text === undefined) throw new SmcpError('INTERNAL', 'value is not JSON');
  return text;
}

/**
 * The JCS text of a value whose numbers need not be doubles: one that no double holds stands with all its digits, in the form
 * that JCS gives to numbers. Equal values, and they only, have equal texts.
 *
 * @throws `INTERNAL` for what is not JSON, or nested too deep to be walked
 */
export function canonicalExactJson(value: ExactJson): string {
  try {
    return isPlainJson(value) ? canonicalJson(value) : exactText(value);
  } catch (cause) {
    throw cause instanceof RangeError ? new SmcpError('INTERNAL', 'value is not JSON', { cause }) : cause;
  }
}

function exactText(value: ExactJson): string {
  const number = numberSpelling(value);
  if (number !== undefined) {
    if (!Number.isFinite(Number(number))) throw new SmcpError('INTERNAL', 'value is not JSON');
    return canonicalNumber(number);
  }
  if (isList(value)) return `[${value.map(exactText).join(',')}]`;
  if (!isExactObject(value)) return canonicalJson(value as Json);
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${canonicalJson(key)}:${exactText(item)}`);
  return `{${members.join(',')}}`;
}

const isList = (value: ExactJson): value is readonly ExactJson[] => Array.isArray(value);
