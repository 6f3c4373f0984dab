// Checks JSON text that came out of a sandbox before anything walks it.

import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';

/**
 * The value of a JSON text, or undefined when it is not JSON or nests deeper than `LIMITS.jsonDepthMax`.
 * **Trust:** the text is the guest's, or a hostile warden's.
 */
export function parseJsonText(text: string): { readonly value: Json } | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

/** True when brackets nest deeper than the bound. Counts outside of strings; the text need not be valid. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
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
    while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}
