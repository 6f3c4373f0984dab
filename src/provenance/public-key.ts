// Ed25519 public keys as the log's formats carry them, and signatures checked with them. No private key comes near.

import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';

/** DER of an Ed25519 SPKI up to the 32 bytes of the key. **Source:** RFC 8410 §4 */
const SPKI_PREFIX = '302a300506032b6570032100';

export type PublicKey = {
  /** SHA-256 of the SPKI DER, lower-case hex. */
  readonly keyid: string;
  /** PEM. */
  readonly spki: string;
  /** 32 bytes. */
  readonly raw: Uint8Array;
  readonly isSignatureOf: (signature: Uint8Array, data: Uint8Array) => boolean;
};

/** The public key of 32 raw bytes; undefined when there are not 32. */
export function publicKeyOfRaw(raw: Uint8Array): PublicKey | undefined {
  if (raw.length !== 32) return undefined;
  const der = Buffer.concat([Buffer.from(SPKI_PREFIX, 'hex'), raw]);
  return asPublicKey(createPublicKey({ key: der, format: 'der', type: 'spki' }));
}

/** The public key of a PEM text; undefined when it is not exactly the PEM of an Ed25519 key. **Trust:** `spki` is evidence. */
export function publicKeyOfPem(spki: string): PublicKey | undefined {
  try {
    const key = asPublicKey(createPublicKey({ key: spki, format: 'pem' }));
    return key?.spki === spki ? key : undefined;
  } catch {
    return undefined;
  }
}

/** undefined when the key is not Ed25519. */
export function asPublicKey(key: KeyObject): PublicKey | undefined {
  if (key.asymmetricKeyType !== 'ed25519') return undefined;
  const der = key.export({ format: 'der', type: 'spki' });
  return {
    keyid: hash('sha256', der, 'hex'),
    spki: String(key.export({ format: 'pem', type: 'spki' })),
    raw: der.subarray(SPKI_PREFIX.length / 2),
    isSignatureOf: (signature, data) => verify(null, data, key, signature),
  };
}
