// How a receiver of a webhook knows that it was this server: an HMAC over the time and the bytes of the body. Pure.

import { createHmac } from 'node:crypto';

export const HEADERS = {
  /** Seconds since 1970, when it was sent: an old one is a repetition. */
  timestamp: 'x-smcp-timestamp',
  /** `v1=` and the HMAC-SHA256 in lower-case hex. */
  signature: 'x-smcp-signature',
  /** The same for each try to tell one thing. */
  delivery: 'x-smcp-delivery',
} as const;

/** Over `<timestamp>.<body>`, UTF-8. **Source:** RFC 2104. */
export function signBody(key: string, timestamp: string, body: string): string {
  return `v1=${createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex')}`;
}
