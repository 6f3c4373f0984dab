// What arguments and results become in the log: a document that can be shown or deleted, and the digest that the record keeps.

import { hash } from 'node:crypto';
import { canonicalEvidence } from '#base/canonical-evidence.ts';
import type { ExactJson } from '#base/exact-json.ts';
import { randomNonce } from '#base/ids.ts';
import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import { digestDocument, valueDocument } from '#domain/disclosed-document.ts';

/** `document` is JCS; `digest` its SHA-256 in lower-case hex, as in-toto subjects carry it. */
export type Disclosure = { readonly document: string; readonly digest: string };

/**
 * `{"nonce","value"}` of a value, or `{"bytes","digest","nonce"}` where its JCS is over `bytesMax`. The nonce keeps anyone
 * who has only the digest from guessing short values. The value is written canonically once, whatever its size.
 *
 * @throws `INTERNAL` for a document that would not be read back: what is signed must not hide what was said.
 */
export function discloseValue(value: ExactJson, bytesMax: number = LIMITS.disclosureBytesMax): Disclosure {
  const nonce = randomNonce();
  const text = canonicalEvidence(value);
  const bytes = Buffer.byteLength(text);
  const document = bytes > bytesMax ? digestDocument(text, nonce) : valueDocument(text, nonce);
  invariant(isJson(document), 'a disclosure document is JSON');
  return { document, digest: hash('sha256', document, 'hex') };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
