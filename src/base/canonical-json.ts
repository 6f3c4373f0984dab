// Canonical JSON (RFC 8785, JCS). The only importer of `canonicalize`.

import canonicalizeModule from 'canonicalize';
import { SmcpError } from './errors.ts';
import { type ExactJson, isExactNumber, isExactObject, numberSpelling } from './exact-json.ts';
import { canonicalNumber, isInRange } from './exact-number.ts';
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
    throw notJson(cause);
  }
  if (text === undefined) throw notJson();
  return text;
}

/**
 * The JCS text of a value whose numbers need not be doubles: one that no double holds stands with all its digits, in the form
 * that JCS gives to numbers. Equal values, and they only, have equal texts. Walks the value once.
 *
 * @throws `INTERNAL` for what is not JSON, a number out of range, or what is nested too deep to be walked
 */
export function canonicalExactJson(value: ExactJson): string {
  try {
    return exactText(value);
  } catch (cause) {
    throw cause instanceof RangeError ? notJson(cause) : cause;
  }
}

function exactText(value: ExactJson): string {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw notJson();
    return JSON.stringify(value);
  }
  if (typeof value === 'boolean' || value === null) return String(value);
  if (isExactNumber(value)) {
    if (!isInRange(value.rawJSON)) throw notJson();
    return canonicalNumber(value.rawJSON);
  }
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(exactText).join(',')}]`;
  if (!isExactObject(value)) throw notJson();
  let text = '';
  for (const key of Object.keys(value).toSorted()) {
    const item: ExactJson | undefined = value[key];
    // As JSON.stringify does, and JCS with it.
    if (item === undefined) continue;
    text += `${text === '' ? '' : ','}${exactText(key)}:${exactText(item)}`;
  }
  return `{${text}}`;
}

/**
 * Whether JavaScript that parses the canonical text gets the same as from `JSON.stringify` of the value: its objects have their
 * keys in canonical order, its texts are well formed, and no number is a minus zero. False costs nothing but room where it might
 * have been true.
 */
export function isKeptByCanonical(value: ExactJson): boolean {
  const spelling = numberSpelling(value);
  if (spelling !== undefined) return !(spelling.startsWith('-') && Number(spelling) === 0);
  if (typeof value === 'string') return value.isWellFormed();
  if (isList(value)) return value.every(isKeptByCanonical);
  if (!isExactObject(value)) return true;
  let before = '';
  for (const [key, item] of Object.entries(value)) {
    if (key < before || !key.isWellFormed() || !isKeptByCanonical(item)) return false;
    before = key;
  }
  return true;
}

function notJson(cause?: unknown): SmcpError {
  return new SmcpError('INTERNAL', 'value is not JSON', { cause });
}

const isList = (value: ExactJson): value is readonly ExactJson[] => Array.isArray(value);
