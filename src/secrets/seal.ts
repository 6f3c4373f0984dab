// Closes and opens the values that are stored: AES-256-GCM, each with a nonce of its own, bound to its name and version.
// **Trust:** whoever can write the database may swap, cut or invent rows; what does not open is never taken for a value.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A key of 32 bytes. */
export type SecretKey = { readonly bytes: Uint8Array /** Names it, and tells nothing of it. */; readonly id: string };

/** What a sealed value belongs to: under another name or version it does not open. */
export type SealedFor = { readonly name: string; readonly version: number };

export const KEY_BYTES = 32;
const ALGORITHM = 'aes-256-gcm';
/** **Source:** NIST SP 800-38D §8.2.2: random ones of 96 bits, for at most 2^32 values under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_LENGTH = 32;

export function secretKeyOf(bytes: Uint8Array): SecretKey {
  const digest = createHash('sha256').update('smcp secrets key\0').update(bytes).digest('hex');
  return { bytes, id: digest.slice(0, ID_LENGTH) };
}

/** Nonce, ciphertext and tag. */
export function seal(key: SecretKey, owner: SealedFor, value: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(bound(owner));
  return Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined for what was not sealed with this key for this name and version. */
export function open(key: SecretKey, owner: SealedFor, sealed: Uint8Array): string | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(bound(owner));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return text.toString('utf8');
  } catch {
    return undefined;
  }
}

const bound = ({ name, version }: SealedFor): Buffer => Buffer.from(JSON.stringify(['smcp secret', 1, name, version]));
