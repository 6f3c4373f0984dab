// Identifiers: UUIDv7 for invocations (sortable by time), nonces, random hex for sessions and token ids. What each call needs
// is made of UUIDs, whose randomness Node fetches in stock: a `randomBytes` by itself costs as much as a signature.

import { hash, randomBytes, randomUUID } from 'node:crypto';

const TIME_HEX_LENGTH = 12;
/** Where a UUIDv4 has its variant and what follows it: the same in version 7. */
const VARIANT_AT = 19;

/** A UUIDv7. **Source:** RFC 9562 §5.7. */
export function uuidv7(nowMs: number = Date.now()): string {
  const time = nowMs.toString(16).padStart(TIME_HEX_LENGTH, '0');
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15, 18)}-${random.slice(VARIANT_AT)}`;
}

/** 32 bytes that nobody can guess, in base64url: three UUIDs have 366 random bits. */
export function randomNonce(): string {
  return hash('sha256', `${randomUUID()}${randomUUID()}${randomUUID()}`, 'base64url');
}

/** `byteCount` random bytes as lower-case hex. */
export function randomHex(byteCount: number): string {
  return randomBytes(byteCount).toString('hex');
}
