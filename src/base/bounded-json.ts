// JSON text from outside, whose nesting is bounded before anything walks it: the parser and all that comes after it would
// otherwise recurse as deep as the sender likes.

import type { Json } from './json.ts';
import { LIMITS } from './limits.ts';

export type BoundedJson =
  | { readonly kind: 'value'; readonly value: Json }
  /** Nested deeper than `LIMITS.jsonDepthMax`; the text need not be JSON otherwise. */
  | { readonly kind: 'too-deep' }
  | { readonly kind: 'broken' };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The value of a JSON text. Takes time linear in its length.
 *
 * **Trust:** the text is a caller's, a guest's or a hostile warden's; its length was bounded by whoever received it.
 */
export function parseBoundedJson(text: string): BoundedJson {
  if (isTooDeep(text)) return { kind: 'too-deep' };
  try {
    return { kind: 'value', value: JSON.parse(text) as Json };
  } catch {
    return { kind: 'broken' };
  }
}

/** True when brackets nest deeper than the bound. Counts outside of strings; the text need not be valid. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > LIMITS.jsonDepthMax) return true;
    } else if (code === 0x5d || code === 0x7d) {
      depth -= 1;
    }
  }
  return false;
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
