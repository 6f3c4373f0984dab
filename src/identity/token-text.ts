// What a token looks like, and its hash. Pure but for randomness.

import { hash, randomBytes } from 'node:crypto';
import { randomHex } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';

const ID_BYTES = 8;
const SECRET_BYTES = 32;
const TOKEN = /^smcp_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

export type MadeToken = { readonly id: string; readonly token: string };

/** `smcp_<id>_<secret>`: 16 hex digits that name it, 256 random bits in base64url. */
export function makeToken(): MadeToken {
  const id = randomHex(ID_BYTES);
  return { id, token: `smcp_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}` };
}

/** The id in a token; undefined for what has not the form of one. **Trust:** `text` is anybody's, of any length. */
export function tokenId(text: string): string | undefined {
  return text.length > LIMITS.tokenLengthMax ? undefined : TOKEN.exec(text)?.[1];
}

/** SHA-256 of the whole text. The secret has 256 random bits, so no slower hash is needed. */
export function hashToken(text: string): Uint8Array {
  return hash('sha256', text, 'buffer');
}

/** How ids of tokens begin that a trusted issuer signed: they are not kept here. */
const SIGNED_PREFIX = 'oauth_';
const SIGNED_ID = /^oauth_[0-9a-f]{32}$/;

/**
 * The id of a signed token: the beginning of the SHA-256 of what is signed. Not of its signature, which can be written in more than one way
 * (unused bits of the last character, (r, s) and (r, −s)): each would be another token that nobody has revoked.
 */
export function signedTokenId(text: string): string {
  return `${SIGNED_PREFIX}${hash('sha256', text.slice(0, text.lastIndexOf('.')), 'hex').slice(0, 32)}`;
}

export function isSignedId(id: string): boolean {
  return SIGNED_ID.test(id);
}
