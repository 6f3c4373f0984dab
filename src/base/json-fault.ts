// What makes JSON unfit to be walked, compared and recorded: keys that reach prototypes, and what is not I-JSON (RFC 7493) in
// its numbers and strings. Pure. **Trust:** the value is an agent's, no deeper than `jsonDepthMax`.

import { type ExactJson, isExactObject, numberSpelling } from './exact-json.ts';

/** Only these can spell a number beyond a double, half a surrogate pair, or a key that reaches a prototype. */
const SUSPECT = /\d[eE]\+?\d|\d{309}|\\u|__proto__|constructor/;

/** The first thing wrong with the value of `text`, as the end of a sentence about what holds it; undefined when all is well. */
export function jsonFault(text: string, value: ExactJson): string | undefined {
  return SUSPECT.test(text) ? faultOf(value) : undefined;
}

function faultOf(value: ExactJson): string | undefined {
  const number = numberSpelling(value);
  if (number !== undefined) return Number.isFinite(Number(number)) ? undefined : 'has a number that is out of range';
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
