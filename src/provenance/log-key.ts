// The record keys of a log, as its first record and keys.json name them.

import { type PublicKey, publicKeyOfPem } from './public-key.ts';

/** A key counts for records of `[fromIndex, toIndex)`; `toIndex` null: until now. `spki` is PEM. */
export type LogKey = {
  readonly keyid: string;
  readonly alg: string;
  readonly spki: string;
  readonly fromIndex: number;
  readonly toIndex: number | null;
};

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
