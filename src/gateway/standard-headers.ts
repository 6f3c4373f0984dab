// The headers of MCP over HTTP. Those that repeat what the body of a stateless request says are for proxies that route by
// them: one that is missing or disagrees is refused, so that nobody in between decides on something other than what runs.
// **Source:** MCP 2026-07-28, Streamable HTTP, standard request headers (SEP-2243); 2025-11-25, Streamable HTTP.

import type { IncomingHttpHeaders } from 'node:http';
import type { JSONRPCRequest } from '@modelcontextprotocol/server';
import { SmcpError } from '#base/errors.ts';

/** MCP's code for headers and body that disagree. */
export const HEADER_MISMATCH = -32020;

const BASE64 = /^=\?base64\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/;

/** One value of a header that may be absent. */
export function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value.trim() : undefined;
}

/** What is wrong with the headers of a request; undefined when they repeat its body. */
export function headerMismatch(
  headers: IncomingHttpHeaders,
  { method, params }: Pick<JSONRPCRequest, 'method' | 'params'>,
): string | undefined {
  if (headerText(headers, 'mcp-protocol-version') === undefined) return 'the MCP-Protocol-Version header is missing';
  if (headerText(headers, 'mcp-method') !== method)
    return `the Mcp-Method header does not say ${method}, as the body does`;
  const name = params?.['name'];
  if (method !== 'tools/call' || typeof name !== 'string') return undefined;
  const header = headerText(headers, 'mcp-name');
  if (header === undefined) return 'the Mcp-Name header is missing';
  return decodeHeader(header) === name ? undefined : 'the Mcp-Name header does not name the tool that the body does';
}

/**
 * Passes when the client takes each of these media types, by name or by wildcard.
 *
 * @throws `NOT_ACCEPTABLE`
 */
export function checkAccept(headers: IncomingHttpHeaders, types: readonly string[]): void {
  const ranges = (headers.accept ?? '').split(',').map((range) => (range.split(';', 1)[0] ?? '').trim().toLowerCase());
  const isTaken = (type: string) =>
    ranges.some((range) => range === type || range === '*/*' || range === `${type.split('/', 1)[0]}/*`);
  if (types.every(isTaken)) return;
  throw new SmcpError('NOT_ACCEPTABLE', `the client must accept ${types.join(' and ')}`, {
    details: { remedy: `send \`Accept: ${types.join(', ')}\`` },
  });
}

/**
 * The value in a header: one that a header can't hold comes as `=?base64?…?=`. Undefined for what only looks like that: it
 * could be read in two ways.
 */
export function decodeHeader(header: string): string | undefined {
  const encoded = BASE64.exec(header)?.[1];
  if (encoded !== undefined) return Buffer.from(encoded, 'base64').toString('utf8');
  return header.startsWith('=?base64?') && header.endsWith('?=') ? undefined : header;
}
