// SHA-256 as the product writes it: `sha256:` and lower-case hex.

import { hash } from 'node:crypto';

export type Digest = `sha256:${string}`;

/** The digest of bytes, or of a string's UTF-8 bytes. */
export function sha256(data: string | Uint8Array): Digest {
  return `sha256:${hash('sha256', data, 'hex')}`;
}

/** The hex part of a digest, as in-toto subjects and directory names take it. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
