// HTTP to a server that does not listen: each request by a connection within the process. For the self-test of the start, which asks
// the server itself; what comes back is bounded all the same.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { InMemoryConnection } from '#base/in-memory-connection.ts';
import { LIMITS } from '#base/limits.ts';

export type Asking = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: { readonly [name: string]: string };
  /** Sent as JSON. */
  readonly body?: object;
};

export type Answered = {
  readonly status: number;
  readonly headers: { readonly [name: string]: unknown };
  readonly text: string;
};

/** `answer`: where it is no stream of events. */
export type Opened =
  | { readonly kind: 'answer'; readonly answer: Answered }
  | ({ readonly kind: 'stream'; readonly next: () => Promise<string> } & Disposable);

export type TrialClient = {
  /** @throws what ends `signal`, or an Error where the connection is cut */
  readonly ask: (asking: Asking) => Promise<Answered>;
  /** The same, of an answer that may go on: `next` is the data of the next event. Dispose of it. */
  readonly open: (asking: Asking) => Promise<Opened>;
};

export function createTrialClient(dial: () => Promise<InMemoryConnection>, signal: AbortSignal): TrialClient {
  const send = async ({ method, path, headers = {}, body }: Asking, connection: InMemoryConnection) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = httpRequest({
      ...{ method, path, signal },
      headers: {
        ...{ host: '127.0.0.1', connection: 'close', ...headers },
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
      // What a client of HTTP does with a socket, any duplex can.
      createConnection: () => connection.near as Socket,
    });
    request.on('response', resolve).on('error', reject);
    request.end(text);
    return promise;
  };
  return {
    ask: async (asking) => {
      using connection = await dial();
      return whole(await send(asking, connection));
    },
    open: async (asking) => {
      const connection = await dial();
      const response = await send(asking, connection);
      if (response.headers['content-type'] !== 'text/event-stream') {
        using _cut = connection;
        return { kind: 'answer', answer: await whole(response) };
      }
      const events = eventsOf(response);
      return {
        kind: 'stream',
        next: async () => (await events.next()).value ?? '',
        [Symbol.dispose]: () => connection[Symbol.dispose](),
      };
    },
  };
}

async function whole(response: IncomingMessage): Promise<Answered> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > LIMITS.bodyBytesMax) break;
  }
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** The data of each event, without comments. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<string, undefined> {
  let held = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const parts = (held + String(chunk)).split('\n\n');
    held = parts.pop() ?? '';
    for (const part of parts) {
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (data !== undefined) yield data;
    }
    if (held.length > LIMITS.bodyBytesMax) return undefined;
  }
  return undefined;
}
