// JSON text from outside, whose nesting is bounded before anything walks it: the parser and all that comes after it would
// otherwise recurse as deep as the sender likes.

import type { Json } from './json.ts';
import { LIMITS } from './limits.ts';

export type BoundedJson =
  | { readonly kind: 'value'; readonly value: Json }
  /** Nested deeper than `LIMITS.jsonDepthMax`; the text need not be JSON otherwise. */
  | { readonly kind: 'too-deep' }
  /** More values than `LIMITS.jsonValuesMax`; the same. */
  | { readonly kind: 'too-many' }
  | { readonly kind: 'broken' };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * The value of a JSON text. Takes time linear in its length.
 *
 * **Trust:** the text is a caller's, a guest's or a hostile warden's; its length was bounded by whoever received it.
 */
export function parseBoundedJson(text: string): BoundedJson {
  const excess = excessOf(text);
  if (excess !== undefined) return { kind: excess };
  try {
    return { kind: 'value', value: JSON.parse(text) as Json };
  } catch {
    return { kind: 'broken' };
  }
}

/**
 * What there is too much of; undefined when a parser may have it. Counts brackets and commas outside of strings; the
 * text need not be valid.
 */
export function excessOf(text: string, depthMax: number = LIMITS.jsonDepthMax): 'too-deep' | 'too-many' | undefined {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      values += 1;
      if (depth > depthMax) return 'too-deep';
    } else if (code === COMMA) {
      values += 1;
    } else if (code === 0x5d || code === 0x7d) {
      depth -= 1;
    }
    if (values > LIMITS.jsonValuesMax) return 'too-many';
  }
  return undefined;
}

/** The index of the quote that ends the string that begins at `from`, or of the text's end. */
function endOfString(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}
