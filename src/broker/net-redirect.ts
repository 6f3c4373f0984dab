// What a redirection makes of a request. Called by the broker's files of `net` only. **Trust:** the answer is a foreign server's; where it
// leads is decided about like any other place.

import { type NetTarget, parseTarget } from '#domain/net-target.ts';
import type { RawAnswer } from '#effects/net/exchange.ts';
import { fetchFailed } from '#effects/net/failures.ts';
import type { FetchRequest } from './net-request.ts';

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** Headers that say nothing of who asks: they go along to another place. */
const ANYWHERE: readonly string[] = ['accept', 'accept-language', 'user-agent'];

/** The place that an answer sends its reader to; undefined: it is no redirection. */
export function locationOf({ status, headers }: RawAnswer): string | undefined {
  if (!REDIRECTS.includes(status)) return undefined;
  return headers.find(([name]) => name === 'location')?.[1];
}

/**
 * The request that follows. Methods change as browsers change them, and a body that stays is sent to the same host and port only.
 *
 * **Source:** Fetch standard, HTTP-redirect fetch.
 * @throws `FETCH_FAILED` (`redirect`) for a place that can't be read, one without TLS after one with it, or another place for a body
 */
export function redirected(request: FetchRequest, status: number, location: string): FetchRequest {
  const { target: from, method } = request;
  const target = placeOf(from, location);
  if (from.scheme === 'https' && target.scheme === 'http') throw refused('leads from https to http');
  const isSamePlace = target.scheme === from.scheme && target.host === from.host && target.port === from.port;
  const becomesGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
  const body = becomesGet ? undefined : request.body;
  if (body !== undefined && !isSamePlace) throw refused('asks for the body to be sent to another host or port');
  const kept = Object.entries(request.headers).filter(
    ([name]) => (isSamePlace || ANYWHERE.includes(name)) && (body !== undefined || !name.startsWith('content-')),
  );
  return { ...request, target, method: becomesGet ? 'GET' : method, body, headers: Object.fromEntries(kept) };
}

/** What is whole is read as strictly as a plugin's URL; what is relative, after it was put on the URL before. */
function placeOf(from: NetTarget, location: string): NetTarget {
  const text = location.startsWith('//') ? `${from.scheme}:${location}` : location;
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : relative(from, text);
  const parsed = parseTarget(whole);
  if (parsed.kind === 'refused') throw refused('leads to what is no plain URL');
  return parsed.target;
}

function relative({ url }: NetTarget, text: string): string {
  if (/[\p{Cc}\\ ]/u.test(text)) throw refused('leads to what is no plain URL');
  return URL.parse(text, url)?.href ?? '';
}

const refused = (what: string) => fetchFailed('redirect', `the server sent a redirection that ${what}`);
