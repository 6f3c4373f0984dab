// Identifiers: UUIDv7 for invocations (sortable by time), random hex for sessions and token ids.

import { randomBytes } from 'node:crypto';

/** A UUIDv7. **Source:** RFC 9562 §5.7. */
export function uuidv7(nowMs: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `byteCount` random bytes as lower-case hex. */
export function randomHex(byteCount: number): string {
  return randomBytes(byteCount).toString('hex');
}
