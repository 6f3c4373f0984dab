// The cookie half of a session. By https it is a `__Host-` cookie; at localhost, by http, a plain one that only the console is sent.

import type { HttpRequest } from '#domain/door-ports.ts';
import type { ConsoleSite } from '#domain/people-ports.ts';

const nameOf = ({ isSecure }: ConsoleSite): string => (isSecure ? '__Host-smcp-console' : 'smcp-console');

/** Undefined unless there is exactly one: of two nobody knows who set which. */
export function readSessionCookie({ headers }: HttpRequest, site: ConsoleSite): string | undefined {
  const prefix = `${nameOf(site)}=`;
  const found = (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix));
  return found.length === 1 ? found[0]?.slice(prefix.length) : undefined;
}

/** `value` undefined: the browser forgets it. It ends with the browser's session, whatever the server's says. */
export function sessionCookie(value: string | undefined, site: ConsoleSite): string {
  const scope = site.isSecure ? 'Path=/; Secure' : 'Path=/console/';
  const end = value === undefined ? '; Max-Age=0' : '';
  return `${nameOf(site)}=${value ?? ''}; ${scope}; HttpOnly; SameSite=Strict${end}`;
}
