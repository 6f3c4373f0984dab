// Whose address a request came from. **Trust:** the socket's address is the kernel's word; `X-Forwarded-For` is the word of whoever wrote it,
// and counts only as far as the proxies that a person named passed it on: from its end back to the first address that is not one of theirs.

import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * What Fastify is told of proxies. Nothing where none is named: then no header is looked at.
 *
 * @param proxies addresses and networks (CIDR), checked already
 */
export function trustedProxies(proxies: readonly string[]): { trustProxy: string[] } | Record<never, never> {
  return proxies.length === 0 ? {} : { trustProxy: [...proxies] };
}

/** An address of IPv4 or IPv6: the client's as the trusted proxies give it, else the socket's; '' when the socket is gone. */
export function clientAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  // A proxy that writes a port, or a word, behind it says nothing that could be counted for.
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}
