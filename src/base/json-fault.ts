// What makes JSON unfit to be walked, compared and recorded: keys that reach prototypes, and what is not I-JSON (RFC 7493) in
// its numbers and strings. Pure. **Trust:** the value is an agent's, no deeper than `jsonDepthMax`.

import { type ExactJson, isExactObject, numberSpelling } from './exact-json.ts';
import { isInRange } from './exact-number.ts';

/** Only these can spell a number out of range: a power of three digits with a fraction of 309 is far within `numberPowerMax`. */
const SUSPECT_NUMBER = /\d[eE](?:\+?\d|-\d{4})|\d{309}/;
/** Only these can spell that, half a surrogate pair, or a key that reaches a prototype. */
const SUSPECT = new RegExp(`${SUSPECT_NUMBER.source}|\\\\u|__proto__|constructor`);

/**
 * The first thing wrong with the value of `text`, as the end of a sentence about what holds it; undefined when all is well. The
 * value must be exact: of doubles, a number out of range may be zero.
 */
export function jsonFault(text: string, value: ExactJson): string | undefined {
  return SUSPECT.test(text) ? faultOf(value) : undefined;
}

/** Whether a number in the value of `text` is out of range. Linear, whatever the nesting that a parser took. */
export function hasNumberOutOfRange(text: string, value: ExactJson): boolean {
  return SUSPECT_NUMBER.test(text) && isAnyOutOfRange(value);
}

function isAnyOutOfRange(value: ExactJson): boolean {
  const number = numberSpelling(value);
  if (number !== undefined) return !isInRange(number);
  if (Array.isArray(value)) return value.some(isAnyOutOfRange);
  return isExactObject(value) && Object.values(value).some(isAnyOutOfRange);
}

/** As `jsonFault`, where there is no text: walks the whole value. */
export function faultOf(value: ExactJson): string | undefined {
  const number = numberSpelling(value);
  if (number !== undefined) return isInRange(number) ? undefined : 'has a number that is out of range';
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'has a string that is not valid Unicode';
  if (Array.isArray(value)) return firstFault(value, faultOf);
  return isExactObject(value) ? firstFault(Object.entries(value), entryFault) : undefined;
}

function entryFault([key, item]: readonly [string, ExactJson]): string | undefined {
  const reachesPrototype =
    key === '__proto__' || (key === 'constructor' && isExactObject(item) && Object.hasOwn(item, 'prototype'));
  if (reachesPrototype) return `has a forbidden key: ${key}`;
  return key.isWellFormed() ? faultOf(item) : 'has a key that is not valid Unicode';
}

function firstFault<T>(items: readonly T[], fault: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = fault(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
