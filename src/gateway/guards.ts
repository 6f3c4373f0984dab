// Host and Origin: what stops a web page from reaching this server through its reader's browser (DNS rebinding,
// cross-site requests). Called for every request before anything else. **Trust:** every header is the caller's.

import { SmcpError } from '#base/errors.ts';

/** Where the server listens. `port` is the bound one, never 0. `names`: others under which a person said it is asked for. */
export type BoundAddress = { readonly host: string; readonly port: number; readonly names: readonly string[] };

/** What the guards look at. `localAddress` is the address that the connection came in on, as the socket says it. */
export type GuardedRequest = {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly localAddress: string | undefined;
};

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const AUTHORITY = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::([0-9]{1,5}))?$/;
const ORIGIN = /^(https?):\/\/([^/?#@\\]+)$/;
const DEFAULT_PORTS: { readonly [scheme: string]: number } = { http: 80, https: 443 };

type Authority = { readonly name: string; readonly port: number };

/**
 * Passes when Host is a loopback name or one of `names` (any port: a forwarded port or a proxy's shows here too), the
 * host and port that the server was bound to, or the very address that the connection came in on. Only a name can be
 * rebound, so an address that the kernel confirms is safe.
 *
 * @throws `HOST_REFUSED`
 */
export function checkHost(request: GuardedRequest, bound: BoundAddress): void {
  const authority = request.host === undefined ? undefined : parseAuthority(request.host, 'http');
  if (authority !== undefined) {
    if (LOOPBACK_NAMES.has(authority.name) || bound.names.includes(authority.name)) return;
    const isOurs = authority.name === asHostName(bound.host) || authority.name === localName(request.localAddress);
    if (isOurs && authority.port === bound.port) return;
  }
  throw new SmcpError('HOST_REFUSED', 'the Host header names no address that this server serves', {
    details: {
      remedy: `ask for http://127.0.0.1:${bound.port}/ or the address that the server was started with, or put the name under server.names in config.yaml`,
    },
  });
}

/**
 * Passes without an Origin (no browser sent it), from a loopback origin, and from the origin that Host names.
 * `null` and anything that is no http(s) origin are refused.
 *
 * @throws `ORIGIN_REFUSED`
 */
export function checkOrigin(request: GuardedRequest): void {
  if (request.origin === undefined) return;
  const [, scheme = '', text = ''] = ORIGIN.exec(request.origin.toLowerCase()) ?? [];
  const origin = parseAuthority(text, scheme);
  if (origin !== undefined) {
    if (LOOPBACK_NAMES.has(origin.name)) return;
    const host = parseAuthority(request.host ?? '', scheme);
    if (host !== undefined && host.name === origin.name && host.port === origin.port) return;
  }
  throw new SmcpError('ORIGIN_REFUSED', 'the Origin header is not one that may call this server', {
    details: { remedy: 'web pages of other sites can not call this server; call it from a program' },
  });
}

function parseAuthority(text: string, scheme: string): Authority | undefined {
  const [, name, port] = AUTHORITY.exec(text.toLowerCase()) ?? [];
  return name === undefined
    ? undefined
    : { name, port: port === undefined ? (DEFAULT_PORTS[scheme] ?? 0) : Number(port) };
}

/** An address as a Host header writes it: IPv6 in brackets. */
export function asHostName(host: string): string {
  return (host.includes(':') ? `[${host}]` : host).toLowerCase();
}

function localName(address: string | undefined): string | undefined {
  return address === undefined ? undefined : asHostName(address.replace(/^::ffff:(?=\d+\.)/, ''));
}
