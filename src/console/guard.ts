// What every request of the console must say: under which name it is asked for, and, where it changes or tells something, that a page of
// this very origin asks. **Trust:** every header is the caller's; a browser writes Host and Origin truly.

import { SmcpError } from '#base/errors.ts';
import type { HttpRequest } from '#domain/door-ports.ts';
import type { ConsoleSite } from '#domain/people-ports.ts';

/** Passkeys are for one name: under another one, such as an address, no browser offers them. @throws `CONSOLE_ELSEWHERE` */
export function checkSite({ headers }: HttpRequest, { origin }: ConsoleSite): void {
  if (isAt(headers.host, origin)) return;
  throw new SmcpError('CONSOLE_ELSEWHERE', 'passkeys are for one name, and the console is asked for under another', {
    details: {
      remedy: `open ${origin}/console/\nfor another name, or a forwarded port, write console: {origin: …} in config.yaml`,
    },
  });
}

/** Whether a Host header names this origin; a port that goes without saying may be said. */
export function isAt(host: string | undefined, origin: string): boolean {
  const asked = URL.parse(`${new URL(origin).protocol}//${host ?? ''}`);
  return asked !== null && asked.username === '' && asked.pathname === '/' && asked.origin === origin;
}

/**
 * A page of another origin, or of another port of this host, gets nothing. GET by a page of the same origin has no Origin: then
 * only the half of the session that the page keeps shows who asks.
 *
 * @throws `ORIGIN_REFUSED`
 */
export function checkPage({ headers }: HttpRequest, { origin }: ConsoleSite, method: 'GET' | 'POST'): void {
  if (headers.origin === origin || (headers.origin === undefined && method === 'GET')) return;
  throw new SmcpError('ORIGIN_REFUSED', 'only pages of the console may ask this', {
    details: { remedy: `open ${origin}/console/` },
  });
}
