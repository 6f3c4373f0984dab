// The record keys of a log, as its first record and keys.json name them.

import type { RecordKey } from '#domain/record.ts';
import { type PublicKey, publicKeyOfPem } from './public-key.ts';

export type LogKey = RecordKey;

/** keys.json of an export. */
export function formatKeys(keys: readonly LogKey[]): string {
  const rows = keys.map(({ keyid, alg, spki, fromIndex, toIndex }) => ({ keyid, alg, spki, fromIndex, toIndex }));
  return `${JSON.stringify(rows, null, 2)}\n`;
}

/** True when the key may sign the record at `index`. */
export function isInRange(key: LogKey, index: number): boolean {
  return index >= key.fromIndex && (key.toIndex === null || index < key.toIndex);
}

/** The key itself; undefined when what is said of it does not agree. **Trust:** the row is evidence. */
export function publicKeyOf(key: LogKey): PublicKey | undefined {
  const parsed = key.alg === 'ed25519' ? publicKeyOfPem(key.spki) : undefined;
  return parsed?.keyid === key.keyid ? parsed : undefined;
}
