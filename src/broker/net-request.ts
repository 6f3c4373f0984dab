// Reads the params of `fetch`. Called by the broker's files of `net` only. **Trust:** params are the guest's.

import type { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { type NetTarget, parseTarget } from '#domain/net-target.ts';
import { malformed } from '#domain/refusal.ts';
import { fieldsOf, invalid } from './params.ts';

export type Redirect = 'follow' | 'error' | 'manual';

export type FetchRequest = {
  readonly target: NetTarget;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: none, which is less than an empty one. */
  readonly body: Uint8Array | undefined;
  readonly redirect: Redirect;
};

const FIELDS = ['url', 'method', 'headers', 'body', 'redirect'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const REDIRECTS: readonly Redirect[] = ['follow', 'error', 'manual'];

/** @throws `REQUEST_INVALID` */
export function readFetch(params: Json): FetchRequest {
  const { url, method = 'GET', headers = {}, body, redirect = 'follow' } = fieldsOf('fetch', params, FIELDS);
  if (typeof url !== 'string') throw invalid('fetch: url is a text', 'write the URL out: https://host/path?query');
  const parsed = parseTarget(url);
  if (parsed.kind === 'refused') {
    throw malformed({
      ...{ asked: withoutCredentials(url), allowed: ['https://host:port/path?query, each part in its plain spelling'] },
      ...{
        message: `fetch: ${parsed.why}`,
        remedy: 'write the URL out; docs/capabilities/net.md says what it may hold',
      },
    });
  }
  const verb = METHODS.find((one) => typeof method === 'string' && one === method.toUpperCase());
  if (verb === undefined) throw noneOf('method', method, METHODS);
  const kind = REDIRECTS.find((one) => one === redirect);
  if (kind === undefined) throw noneOf('redirect', redirect, REDIRECTS);
  if (body !== undefined && (verb === 'GET' || verb === 'HEAD')) {
    throw invalid(`fetch: ${verb} takes no body`, 'leave it out, or ask by POST');
  }
  return { target: parsed.target, method: verb, headers: readHeaders(headers), body: readBody(body), redirect: kind };
}

/** A name or password before the host is nobody else's to see. */
const withoutCredentials = (url: string): string => url.replace(/\/\/[^/?#]*@/, '//…@');

const noneOf = (key: string, value: Json, allowed: readonly string[]): SmcpError =>
  malformed({
    ...{ asked: typeof value === 'string' ? value : 'no text', allowed },
    ...{ message: `fetch: ${key} is none of these`, remedy: `leave it out for ${allowed[0]}` },
  });

/**
 * Names that are not a plugin's to write. The server's own: of the connection, of lengths and codings. Those by which a server takes the
 * request for another method, path, host or caller than was decided about. And `cookie`, which only a secret may be.
 * **Source:** Fetch standard, forbidden request-headers; RFC 9110 §7.6.1.
 */
const RESERVED =
  /^(host|connection|keep-alive|transfer-encoding|content-length|te|trailer|upgrade|expect|http2-settings|accept-encoding|alt-used|via|date|cookie2?|forwarded|x-real-ip|x-host|x-forwarded|x-method-override)$|^(proxy-|sec-|x-envoy-|x-forwarded-|x-http-|x-original-|x-override-|x-rewrite-)/;

/** Gateways of the CGI kind (PHP, WSGI, Rack) make one name of `x-a`, `x_a` and `x.a`: each is judged as the first. */
export const asRead = (name: string): string => name.replace(/[^a-z0-9]/g, '-');

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Visible ASCII, spaces and tabs: no line ends, and nothing that two servers could read in two ways. */
const VALUE = /^[\t -~]*$/;

/** Whether a header may be sent that was not written here; `isSecret`: one that an operator's secret is put into. */
export function isHeader(name: string, value: string, isSecret = false): boolean {
  if (!TOKEN.test(name) || !VALUE.test(value) || name === '__proto__') return false;
  return !RESERVED.test(asRead(name)) || (isSecret && name === 'cookie');
}

function readHeaders(headers: Json): Readonly<Record<string, string>> {
  if (!isJsonObject(headers)) throw invalid('fetch: headers is an object of texts', HEADERS_REMEDY);
  const entries = Object.entries(headers);
  if (entries.length > LIMITS.netRequestHeadersMax) {
    throw invalid(`fetch: there are at most ${LIMITS.netRequestHeadersMax} headers`, 'leave out what is not needed');
  }
  const read = new Map<string, string>();
  let bytes = 0;
  for (const [written, value] of entries) {
    if (typeof value !== 'string') throw invalid('fetch: headers is an object of texts', HEADERS_REMEDY);
    const name = written.toLowerCase();
    const plain = value.replace(/^[\t ]+|[\t ]+$/g, '');
    if (!isHeader(name, plain)) throw noHeader(written, isHeader(name, ''));
    if (read.has(name)) {
      throw malformed({
        ...{ asked: written, allowed: ['each name once, in any case'], message: 'fetch: a header is there twice' },
        remedy: 'join its values with a comma',
      });
    }
    bytes += name.length + plain.length;
    read.set(name, plain);
  }
  if (bytes > LIMITS.netRequestHeaderBytesMax) {
    throw invalid(
      `fetch: headers have at most ${LIMITS.netRequestHeaderBytesMax} bytes`,
      'send what is long as the body',
    );
  }
  return Object.fromEntries(read);
}

const HEADERS_REMEDY = 'write {"name": "value"}';

/** The value is not shown: it may be a credential. */
function noHeader(written: string, isNameGood: boolean): SmcpError {
  return isNameGood
    ? malformed({
        ...{ asked: written, allowed: ['values of visible ASCII, spaces and tabs'] },
        ...{ message: 'fetch: a header has a value that can’t be sent', remedy: 'encode it, without line ends' },
      })
    : malformed({
        ...{ asked: written, allowed: ['names of letters, digits and hyphens that are a plugin’s to write'] },
        message: 'fetch: a header has a name that is not a plugin’s to write',
        remedy: 'leave out what belongs to the connection, names another method, path or host, or is a cookie',
      });
}

function readBody(body: Json | undefined): Uint8Array | undefined {
  if (body === undefined) return undefined;
  const [kind, content, ...more] = isJsonObject(body) ? Object.entries(body).flat() : [];
  if (more.length > 0 || typeof content !== 'string') throw invalid('fetch: body is {text} or {base64}', BODY_REMEDY);
  const bytes = kind === 'text' ? textBytes(content) : kind === 'base64' ? base64Bytes(content) : undefined;
  if (bytes === undefined) {
    throw invalid('fetch: body is {text} with whole characters, or {base64} with its padding', BODY_REMEDY);
  }
  if (bytes.length > LIMITS.netRequestBytesMax) {
    throw invalid(`fetch: a body has at most ${LIMITS.netRequestBytesMax} bytes`, 'send it in pieces');
  }
  return bytes;
}

const BODY_REMEDY = 'write {"text": …}, or {"base64": …} in standard base64';

const textBytes = (text: string): Uint8Array | undefined => (text.isWellFormed() ? Buffer.from(text) : undefined);

function base64Bytes(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
