// Sessions of /mcp as a raw client of 2025-03-26 … 2025-11-25 has them.

import type { OutgoingHttpHeaders } from 'node:http';
import { BEARER, JSON_TYPE, type OpenStream, openStream, openStreamed, type RawAnswer, send } from './http.ts';

export const ACCEPT_BOTH = { accept: 'application/json, text/event-stream' };

export const rpc = (id: unknown, method: string, params: unknown = {}) => ({ jsonrpc: '2.0', id, method, params });
export const callOf = (id: unknown, name: string, args: unknown = {}, more: object = {}) =>
  rpc(id, 'tools/call', { name, arguments: args, ...more });
export const cancelOf = (requestId: unknown) => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId },
});
export const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' };

export const initializeOf = (protocolVersion = '2025-11-25', more: object = {}) =>
  rpc('init', 'initialize', { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' }, ...more });

type Headers = { [name: string]: string | undefined };

export type RawSession = {
  readonly id: string;
  /** What each request of the session carries; `more` adds to it, undefined takes away. */
  readonly headers: (more?: Headers) => OutgoingHttpHeaders;
  readonly post: (message: unknown, more?: Headers) => Promise<RawAnswer>;
  /** A POST whose answer is read as it comes. */
  readonly stream: (message: unknown, more?: Headers) => Promise<OpenStream>;
  readonly listen: (more?: Headers) => Promise<OpenStream>;
  readonly get: (more?: Headers) => Promise<RawAnswer>;
  readonly end: (more?: Headers) => Promise<RawAnswer>;
};

/** POSTs to /mcp what no session is named for. */
export function postMcp(url: string, message: unknown, headers: Headers = {}): Promise<RawAnswer> {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  return send(url, { method: 'POST', path: '/mcp', headers: given({ ...headers, ...JSON_TYPE }), body });
}

export type SessionOptions = { readonly version?: string; readonly token?: { readonly [name: string]: string } };

/** Opens a session as a client does, `notifications/initialized` included. */
export async function openSession(
  url: string,
  { version = '2025-11-25', token = BEARER }: SessionOptions = {},
): Promise<RawSession> {
  const opened = await postMcp(url, initializeOf(version), { ...token, ...ACCEPT_BOTH });
  const id = opened.headers['mcp-session-id'];
  if (typeof id !== 'string') throw new Error(`no session: ${opened.status} ${opened.text}`);
  const own = { ...token, ...ACCEPT_BOTH, 'mcp-session-id': id, 'mcp-protocol-version': version };
  const headers = (more: Headers = {}) => given({ ...own, ...more });
  const request = (method: string, more?: Headers) => ({ method, path: '/mcp', headers: headers(more) });
  const posted = (message: unknown, more?: Headers) => ({
    method: 'POST',
    path: '/mcp',
    headers: { ...headers(more), ...JSON_TYPE },
    body: JSON.stringify(message),
  });
  const session: RawSession = {
    id,
    headers,
    post: (message, more) => send(url, posted(message, more)),
    stream: (message, more) => openStreamed(url, posted(message, more)),
    listen: (more) => openStream(url, '/mcp', headers(more)),
    get: (more) => send(url, request('GET', more)),
    end: (more) => send(url, request('DELETE', more)),
  };
  await session.post(INITIALIZED);
  return session;
}

function given(headers: Headers): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}
