// What a disclosure document of the log says. Pure. Called by what shows records, finds a lost answer, and verifies a log.
// **Trust:** the document is a home's own, as it was signed for; its value is an agent's or a guest's.

import { canonicalEvidence } from '#base/canonical-evidence.ts';
import { sha256 } from '#base/digest.ts';
import { type ExactJson, exactValue, isExactObject } from '#base/exact-json.ts';
import { utf8Length } from '#base/utf8-length.ts';

export type DisclosedDocument =
  | { readonly kind: 'value'; readonly value: ExactJson }
  /** It was too large to be kept. */
  | { readonly kind: 'digest'; readonly bytes: number; readonly digest: string }
  /** It is not what a log writes. `text`: the document, without its nonce. */
  | { readonly kind: 'unreadable'; readonly text: string };

/** As deep and as large as it was written: what it holds was bounded when it came in, and it is one level deeper. */
export function readDisclosed(document: string): DisclosedDocument {
  const parsed = parsedOf(document);
  if (isExactObject(parsed)) {
    const { value, bytes, digest } = parsed;
    if (value !== undefined) return { kind: 'value', value };
    if (typeof bytes === 'number' && typeof digest === 'string') return { kind: 'digest', bytes, digest };
  }
  return { kind: 'unreadable', text: document.replace(/"nonce":"[^"]*",?/, '') };
}

function parsedOf(document: string): ExactJson | undefined {
  try {
    return exactValue(document);
  } catch {
    return undefined;
  }
}

/** The document of a value that is kept, in canonical form. `text`: the value's. */
export function valueDocument(text: string, nonce: string): string {
  return `{"nonce":"${nonce}","value":${text}}`;
}

/** The document of a value that is too large to be kept. */
export function digestDocument(text: string, nonce: string): string {
  return `{"bytes":${utf8Length(text)},"digest":"${sha256(text)}","nonce":"${nonce}"}`;
}

/**
 * The document that the log would have written of `value` in the place of this one, under the same nonce: the same text where
 * it is the same value. Undefined for a document that no log writes.
 */
export function documentOfOther(document: string, value: ExactJson): string | undefined {
  const parsed = parsedOf(document);
  if (!isExactObject(parsed) || typeof parsed['nonce'] !== 'string') return undefined;
  const text = canonicalEvidence(value);
  const isKept = parsed['value'] !== undefined;
  return isKept ? valueDocument(text, parsed['nonce']) : digestDocument(text, parsed['nonce']);
}
