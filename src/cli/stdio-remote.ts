// `smcp stdio` without access to the home: a bridge to `/mcp` of SMCP_URL, as the agent that SMCP_TOKEN stands for. Each
// message is a request of its own there, so a server that was away is used again once it is back, and a session that it
// has forgotten is opened anew. **Trust:** the token goes to that address only; what comes from there is the server's.

import type { JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { SmcpError } from '#base/errors.ts';
import { parseExactJson } from '#base/exact-json.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { withExactArguments } from '#domain/call-message.ts';
import { LASTING_METHODS } from '#domain/stdio.ts';
import type { Server } from './admin-client.ts';
import { createBoundedFetch } from './bounded-fetch.ts';
import { EXIT } from './command.ts';
import { interrupted, isRequestId, type Message, type RequestId, type StdioClient } from './stdio-client.ts';
import { isHandshakeAnswer } from './stdio-handshake.ts';
import { type RemoteProblem, remoteProblem } from './stdio-remote-problem.ts';
import { createRemoteSession } from './stdio-remote-session.ts';
import { aborted, atMost } from './stdio-stop.ts';

export type RemoteOptions = {
  readonly server: Server;
  /** Aborted when this process is told to end. */
  readonly stop: AbortSignal;
  /** Says something on stderr. */
  readonly say: (sentence: string) => void;
};

/** Of the stream for what the server says unasked. Without an end: the client decides how long it stays. */
const RECONNECTION = { initialReconnectionDelay: 1_000, maxReconnectionDelay: 30_000, reconnectionDelayGrowFactor: 2 };

/**
 * Serves the client until it is gone, or the process is told to end.
 *
 * @returns the exit code.
 * @throws `USAGE` for what is no address · `UNAUTHENTICATED` · `FORBIDDEN` · `SERVER_UNAVAILABLE` before anything was answered
 */
export async function serveRemotely(client: StdioClient, options: RemoteOptions): Promise<number> {
  const { StreamableHTTPClientTransport: Transport } = await import('@modelcontextprotocol/client');
  const { url, token } = options.server;
  const transport = new Transport(endpointOf(url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    fetch: createBoundedFetch(LIMITS.streamBufferBytesMax),
    reconnectionOptions: { ...RECONNECTION, maxRetries: Number.MAX_SAFE_INTEGER },
  });
  await transport.start();
  const bridge = createBridge(client, transport, options);
  try {
    client.attach({ send: (message) => bridge.send(exactly(message)), pause: () => {}, resume: () => {} });
    await Promise.race([client.ended, aborted(options.stop), bridge.failed]);
    client.detach();
    if (!options.stop.aborted) await bridge.finish();
    return EXIT.done;
  } finally {
    // What is under way on the server ends with its stream, or with its session.
    await atMost(
      LIMITS.doorCloseMsMax,
      transport.terminateSession().catch(() => {}),
    );
    await transport.close();
  }
}

/** `/mcp` of the address, also where the address is that already. */
function endpointOf(address: string): URL {
  const url = URL.parse(address.replace(/(\/mcp)?\/?$/, '/mcp'));
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new SmcpError('USAGE', `SMCP_URL is no address: ${JSON.stringify(address)}`, {
    details: { remedy: 'set it to that of an SMCP server: http://127.0.0.1:8000' },
  });
}

/** The message, with the numbers of a call's arguments as they stand in its line. */
function exactly({ value, line }: Message): JsonObject {
  const exact = withExactArguments(parseExactJson(line.toString('utf8')));
  return exact === undefined ? value : (exact as JsonObject);
}

type Bridge = {
  readonly send: (value: JsonObject) => void;
  /** The client sends no more: its calls are cancelled, what is answered at once still is. */
  readonly finish: () => Promise<void>;
  /** Rejects when nothing more can come of it. */
  readonly failed: Promise<never>;
};

type Exchange = {
  readonly request: JsonObject;
  /** Cuts its connection. */
  readonly cut: AbortController;
  /** Resolves once it was answered, failed or cancelled. */
  readonly over: PromiseWithResolvers<void>;
};

function createBridge(client: StdioClient, transport: StreamableHTTPClientTransport, options: RemoteOptions): Bridge {
  const exchanges = new Map<RequestId, Exchange>();
  const { promise: failed, reject: failWith } = Promise.withResolvers<never>();
  const session = createRemoteSession(client, transport);
  /** An `initialize` on its way: what follows it needs the session that it opens. */
  let gate: Promise<void> = Promise.resolve();
  let hasAnswered = false;
  let isAway = false;

  const settle = (id: RequestId) => {
    exchanges.get(id)?.over.resolve();
    exchanges.delete(id);
  };
  const fail = (id: RequestId, { error, isFatal }: Pick<RemoteProblem, 'error' | 'isFatal'>) => {
    settle(id);
    client.fail(id, error);
    const isUnavailable = error.code === 'SERVER_UNAVAILABLE';
    if (isFatal || (isUnavailable && !hasAnswered)) failWith(error);
    if (isUnavailable && !isAway) options.say(`${error.code}: ${error.message}; the next request will try again`);
    isAway ||= isUnavailable;
  };
  const receive = (value: JsonObject) => {
    if (isHandshakeAnswer(value)) return session.onAnswer(value);
    hasAnswered = true;
    isAway = false;
    const { id, method } = value;
    if (isRequestId(id) && method === undefined) {
      if (exchanges.get(id)?.request['method'] === 'initialize') session.useVersionOf(value);
      settle(id);
    }
    client.deliver(value, JSON.stringify(value));
  };
  const ask = async (id: RequestId, exchange: Exchange, isRetry: boolean): Promise<void> => {
    const { request, cut } = exchange;
    const { sessionId } = transport;
    try {
      await transport.send(request as unknown as JSONRPCMessage, {
        requestSignal: cut.signal,
        onRequestStreamEnd: () => fail(id, { error: interrupted(), isFatal: false }),
      });
    } catch (thrown) {
      if (cut.signal.aborted) return;
      const problem = remoteProblem(thrown, options.server.url);
      if (problem.answer !== undefined) return receive({ ...problem.answer, id });
      const mayTryAgain = problem.isSessionLost && sessionId !== undefined && !isRetry;
      if (mayTryAgain && (await session.openAgain(sessionId))) return ask(id, exchange, true);
      fail(id, problem);
    }
  };
  const cancel = (value: JsonObject) => {
    const id = isJsonObject(value['params']) ? value['params']['requestId'] : undefined;
    const exchange = isRequestId(id) ? exchanges.get(id) : undefined;
    if (exchange === undefined || !isRequestId(id)) return;
    settle(id);
    const cut = () => exchange.cut.abort();
    // Without sessions the lost connection says it; with them it may not, and the notice may come before the request.
    if (isStateless(exchange.request)) cut();
    else void gate.then(() => transport.send(value as unknown as JSONRPCMessage)).then(cut, cut);
  };

  transport.onmessage = (message) => receive(message as unknown as JsonObject);
  return {
    failed,
    send: (value) => {
      const { id, method } = value;
      if (method === 'notifications/cancelled') return cancel(value);
      if (!isRequestId(id) || method === undefined) {
        void gate.then(() => transport.send(value as unknown as JSONRPCMessage)).catch(() => {});
        return;
      }
      const exchange = { request: value, cut: new AbortController(), over: Promise.withResolvers<void>() };
      exchanges.set(id, exchange);
      void gate.then(() => (exchange.cut.signal.aborted ? undefined : ask(id, exchange, false)));
      if (method !== 'initialize') return;
      client.pause();
      gate = exchange.over.promise;
      void gate.then(client.resume);
    },
    finish: async () => {
      const rest = [...exchanges].filter(([id, { request }]) => {
        const isLasting = LASTING_METHODS.has(String(request['method']));
        if (isLasting) cancel({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
        return !isLasting;
      });
      await atMost(LIMITS.doorCloseMsMax, Promise.all(rest.map(([, { over }]) => over.promise)));
    },
  };
}

/** Where a request names its protocol version, when the protocol has no sessions. **Source:** MCP 2026-07-28, `_meta`. */
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

function isStateless({ params }: JsonObject): boolean {
  return isJsonObject(params) && isJsonObject(params['_meta']) && params['_meta'][VERSION_KEY] !== undefined;
}
