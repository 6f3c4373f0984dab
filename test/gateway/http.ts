// Requests as a hostile client writes them: any header, any method, any bytes; and a reader of event streams.

import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '#base/limits.ts';

export type RawRequest = {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
};

export type RawAnswer = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
};

/** The most that the kernel takes on a connection whose reader does not read, at both of its ends. Linux. */
export function kernelHoldsBytesMax(): number {
  const most = (name: string) =>
    Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'latin1').trim().split(/\s+/).at(-1));
  return most('tcp_wmem') + most('tcp_rmem');
}

/** What waits for a reader that does not read: in the door, and in the kernel. */
export const unreadBytesMax = (): number => LIMITS.streamBufferBytesMax + kernelHoldsBytesMax();

/** The same as the latter on a socket that is a file. */
export function kernelHoldsLocalBytesMax(): number {
  // It counts what it needs itself: no more than that of what is written.
  return 2 * Number(readFileSync('/proc/sys/net/core/wmem_default', 'latin1'));
}

export const BEARER = { authorization: 'Bearer athena-token' };
export const JSON_TYPE = { 'content-type': 'application/json' };

/** Sends one request on a connection of its own and reads the whole answer. */
export function send(url: string, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({ host: hostname, port, method, path, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends the very text and reads until the server closes the connection. */
export function sendText(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

export function errorCode(answer: RawAnswer): string {
  return JSON.parse(answer.text).error.code;
}

export const STATELESS_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A request of MCP 2026-07-28 as it stands on the wire. */
export function stateless(method: string, params: { [key: string]: unknown } = {}, id: unknown = 1): RawRequest {
  const { name, _meta } = params as { name?: string; _meta?: object };
  return {
    method: 'POST',
    path: '/mcp',
    headers: {
      ...BEARER,
      ...JSON_TYPE,
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...STATELESS_META, ..._meta } } }),
  };
}

export type StreamEvent = { readonly event: string; readonly data: string };

/** An open event stream. `closed` resolves when it ends, however it ends: true when the server ended it in order. */
export type OpenStream = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly events: readonly StreamEvent[];
  readonly comments: readonly string[];
  /** Waits until so many events have come. */
  readonly until: (count: number) => Promise<void>;
  readonly closed: Promise<boolean>;
  readonly pause: () => void;
  readonly cut: () => void;
};

export function openStream(url: string, path = '/sse', headers: OutgoingHttpHeaders = BEARER): Promise<OpenStream> {
  return openStreamed(url, { path, headers });
}

/** Sends a request whose answer is read as a stream, whatever it is. */
export function openStreamed(url: string, { body, ...options }: RawRequest): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({ host: hostname, port, agent: false, ...options }, (answer) => {
      const events: StreamEvent[] = [];
      const comments: string[] = [];
      let rest = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        const parts = (rest + chunk).split('\n\n');
        rest = parts.pop() ?? '';
        for (const part of parts) {
          if (part.startsWith(':')) comments.push(part);
          else events.push({ event: field(part, 'event'), data: field(part, 'data') });
        }
      });
      answer.on('error', () => {});
      resolve({
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        events,
        comments,
        until: async (count) => {
          while (events.length < count) await sleep(2);
        },
        closed: new Promise((done) => answer.on('close', () => done(answer.complete))),
        pause: () => void answer.pause(),
        cut: () => request.destroy(),
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function field(part: string, name: string): string {
  const line = part.split('\n').find((candidate) => candidate.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? '';
}

/** Waits until `condition` holds; the test's own timeout is the bound. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}
