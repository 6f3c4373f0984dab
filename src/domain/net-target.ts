// Where a request goes: one URL, read strictly into the parts that are decided about. What is decided about is what is sent. Pure.

import { LIMITS } from '#base/limits.ts';
import { canonicalHost } from './host-name.ts';
import { canonicalPath, whyAmbiguous } from './net-path.ts';

declare const checked: unique symbol;

/** Made by `parseTarget` only. */
export type NetTarget = {
  readonly scheme: 'https' | 'http';
  /** As `canonicalHost` gives it. */
  readonly host: string;
  readonly port: number;
  /** As `canonicalPath` gives it; begins with `/`. */
  readonly path: string;
  /** With `?`, or empty. */
  readonly query: string;
  /** The whole, canonical, without fragment. */
  readonly url: string;
  readonly [checked]: true;
};

export type ParsedTarget =
  | { readonly kind: 'target'; readonly target: NetTarget }
  /** `why` quotes nothing of the text. */
  | { readonly kind: 'refused'; readonly why: string };

const PORTS = { https: 443, http: 80 } as const;

/** Scheme, authority, path, query, fragment: with both slashes, which a browser could do without. */
const PARTS = /^(https?):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is;

/** What parsers drop, or end a part at. A backslash may be in a query. */
const NEVER = /[\p{Cc}\p{Zl}\p{Zp} ]/u;

/**
 * Reads an absolute URL.
 *
 * **Trust:** a guest's, or a foreign server's.
 */
export function parseTarget(text: string): ParsedTarget {
  if (text.length > LIMITS.netUrlLengthMax)
    return refused(`the URL is longer than ${LIMITS.netUrlLengthMax} characters`);
  if (!text.isWellFormed() || NEVER.test(text)) return refused('the URL has spaces, control characters or broken text');
  const [, scheme = '', authority = '', path = '', query = ''] = PARTS.exec(text) ?? [];
  if (scheme === '') return refused('the URL begins with neither https:// nor http://');
  if (authority.includes('@')) return refused('the URL has a name or password; put credentials into headers');
  const [, spelled = '', port = ''] = /^([^:]*)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  const host = canonicalHost(spelled);
  if (host === undefined) return refused('the URL has no host name in a plain spelling');
  const why = whyAmbiguous(path);
  if (why !== undefined) return refused(why);
  return assembled({ scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http', host, port, path, query });
}

type Parts = {
  readonly scheme: NetTarget['scheme'];
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly query: string;
};

function assembled({ scheme, host, port: written, path, query }: Parts): ParsedTarget {
  const port = written === '' ? PORTS[scheme] : Number(written);
  if (port < 1 || port > 65_535) return refused('the URL has no port from 1 to 65535');
  // Only to encode what is not ASCII: nothing is left in the path that it would resolve.
  const parsed = URL.parse(`${scheme}://${host}${path}${query}`);
  if (parsed === null || parsed.host !== host) return refused('this is no URL');
  const encoded = canonicalPath(parsed.pathname);
  const url = `${scheme}://${placeOf(scheme, host, port)}${encoded}${parsed.search}`;
  if (url.length > LIMITS.netUrlLengthMax)
    return refused(`the URL is longer than ${LIMITS.netUrlLengthMax} characters`);
  const target = { scheme, host, port, path: encoded, query: parsed.search, url } as NetTarget;
  return { kind: 'target', target };
}

/** Host and port as they stand in a URL and in the header `host`. */
export function placeOf(scheme: NetTarget['scheme'], host: string, port: number): string {
  return port === PORTS[scheme] ? host : `${host}:${port}`;
}

const refused = (why: string): ParsedTarget => ({ kind: 'refused', why });
