// The MCP client that started `smcp stdio`, on stdin and stdout: its messages one by one, what waits for an answer, and
// nothing on stdout but messages. **Trust:** its lines are the agent's; the server checks them again.

import { isUtf8 } from 'node:buffer';
import type { Readable, Writable } from 'node:stream';
import { parseBoundedJson } from '#base/bounded-json.ts';
import { ERRORS } from '#base/error-table.ts';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createLineReader } from '#base/line-reader.ts';

export type RequestId = string | number;

/** A JSON-RPC message and the line that it came in. */
export type Message = { readonly value: JsonObject; readonly line: Buffer };

/** Where the client's messages go. */
export type Upstream = {
  readonly send: (message: Message) => void;
  /** The client reads slowly: nothing more for it, until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
};

/** How the client began its session, for another server to be told in its place. */
export type Handshake = { readonly initialize: JsonObject; readonly isInitialized: boolean };

export type StdioClient = {
  /** From now on its messages go there, in order; before the first time nothing is read. */
  readonly attach: (upstream: Upstream) => void;
  /** Its messages wait until there is another upstream. */
  readonly detach: () => void;
  /** Stops and goes on reading: the upstream is slower than the client. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Writes a message of the server's; `value` is what the line says. */
  readonly deliver: (value: JsonObject, line: Uint8Array | string) => void;
  /** Answers a request that the server won't; nothing when it was answered or cancelled. */
  readonly fail: (id: RequestId, error: SmcpError) => void;
  /** Does so for all that wait for an answer. The number of them. */
  readonly failAll: (error: SmcpError) => number;
  readonly isWaiting: (id: RequestId) => boolean;
  /** Undefined before an `initialize` was answered with success, and where the protocol has none. */
  readonly handshake: () => Handshake | undefined;
  /** Resolves once its input has ended, or nobody reads its output any more. */
  readonly ended: Promise<void>;
};

const LINE_FEED = '\n';

export function createStdioClient({
  input,
  output,
}: {
  readonly input: Readable;
  readonly output: Writable;
}): StdioClient {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  /** What each request under way asks, by its id. */
  const waiting = new Map<RequestId, JsonObject>();
  /** Messages that came while there was no upstream: those of one piece of input at most, since it is paused then. */
  const held: Message[] = [];
  let upstream: Upstream | undefined;
  let initialize: JsonObject | undefined;
  let isInitialized = false;
  let hasStarted = false;

  const write = (line: Uint8Array | string) => {
    if (output.destroyed || output.writableEnded) return;
    output.cork();
    output.write(line);
    const isTaken = output.write(LINE_FEED);
    output.uncork();
    if (!isTaken) upstream?.pause();
  };
  const answer = (id: RequestId | null, rpc: number, error: SmcpError) => {
    const { code, message, details } = error;
    write(JSON.stringify({ jsonrpc: '2.0', id, error: { code: rpc, message, data: { code, message, details } } }));
  };
  const refuse = (id: RequestId | null, error: SmcpError) => answer(id, ERRORS[error.code].rpc, error);

  const onMessage = (message: Message) => {
    const { value } = message;
    const { id, method } = value;
    if (isRequestId(id) && typeof method === 'string') {
      const refused = refusal(waiting, id);
      // An error under the id of a request that is under way would be taken for its answer.
      if (refused !== undefined) return refuse(waiting.has(id) ? null : id, refused);
      waiting.set(id, value);
    }
    if (method === 'notifications/cancelled') {
      const cancelled = isJsonObject(value['params']) ? value['params']['requestId'] : undefined;
      // Of a request that waits no more there is nothing to cancel; to a new server it would be a beginning.
      if (!isRequestId(cancelled) || !waiting.delete(cancelled)) return;
    }
    if (method === 'notifications/initialized') isInitialized = true;
    if (upstream === undefined) held.push(message);
    else upstream.send(message);
  };
  const reader = createLineReader({
    bytesMax: LIMITS.bodyBytesMax,
    onLine: (line) => {
      const parsed = parseMessage(line);
      if (parsed.kind === 'message') onMessage({ value: parsed.value, line });
      else answer(parsed.id, parsed.rpc, parsed.error);
    },
    onTooLong: () => refuse(null, tooLong()),
  });

  const start = () => {
    if (hasStarted) return;
    hasStarted = true;
    input.on('data', (chunk: Buffer) => reader.push(chunk));
    input
      .on('end', end)
      .on('close', end)
      .on('error', () => end());
    output.on('drain', () => upstream?.resume());
    output.on('close', end).on('error', () => end());
  };

  return {
    attach: (next) => {
      upstream = next;
      start();
      for (const message of held.splice(0)) next.send(message);
      if (output.writableNeedDrain) next.pause();
      input.resume();
    },
    detach: () => {
      upstream = undefined;
      input.pause();
    },
    pause: () => void input.pause(),
    resume: () => void input.resume(),
    deliver: (value, line) => {
      const { id } = value;
      if (isRequestId(id) && value['method'] === undefined) {
        const request = waiting.get(id);
        waiting.delete(id);
        if (request?.['method'] === 'initialize' && isJsonObject(value['result'])) initialize = request;
      }
      write(line);
    },
    fail: (id, error) => {
      if (waiting.delete(id)) refuse(id, error);
    },
    failAll: (error) => {
      const ids = [...waiting.keys()];
      waiting.clear();
      for (const id of ids) refuse(id, error);
      return ids.length;
    },
    isWaiting: (id) => waiting.has(id),
    handshake: () => (initialize === undefined ? undefined : { initialize, isInitialized }),
    ended,
  };
}

/** Why a request that was under way when its server ended gets no answer of its own. */
export function interrupted(): SmcpError {
  return new SmcpError('INTERRUPTED', 'the server ended before it answered; whether the call took effect is unknown', {
    details: { remedy: 'look whether it did before you do it again: smcp log tail' },
  });
}

export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' || typeof value === 'number';
}

type ParsedLine =
  | { readonly kind: 'message'; readonly value: JsonObject }
  | { readonly kind: 'refused'; readonly id: RequestId | null; readonly rpc: number; readonly error: SmcpError };

/** JSON-RPC: the text is no JSON; the JSON is no message. */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;

function parseMessage(line: Buffer): ParsedLine {
  const parsed = isUtf8(line) ? parseBoundedJson(line.toString('utf8')) : { kind: 'broken' as const };
  if (parsed.kind !== 'value') {
    const what = {
      broken: 'is not JSON in UTF-8',
      'too-deep': 'is nested too deep',
      'too-many': 'has too many values',
    };
    return { kind: 'refused', id: null, rpc: PARSE_ERROR, error: invalid(`the line ${what[parsed.kind]}`) };
  }
  if (isMessage(parsed.value)) return { kind: 'message', value: parsed.value };
  const id = isJsonObject(parsed.value) ? parsed.value['id'] : undefined;
  const error = invalid('the line is not a JSON-RPC 2.0 message');
  return { kind: 'refused', id: isRequestId(id) ? id : null, rpc: INVALID_REQUEST, error };
}

function isMessage(value: Json): value is JsonObject {
  if (!isJsonObject(value) || value['jsonrpc'] !== '2.0') return false;
  const { id, method } = value;
  if (typeof method === 'string') return id === undefined || isRequestId(id);
  return method === undefined && isRequestId(id) && (value['result'] !== undefined || value['error'] !== undefined);
}

function refusal(waiting: ReadonlyMap<RequestId, JsonObject>, id: RequestId): SmcpError | undefined {
  if (waiting.has(id)) return invalid('a request with this id is under way already');
  if (waiting.size < LIMITS.requestsPerSessionMax) return undefined;
  return new SmcpError('QUEUE_FULL', 'too many requests are under way', {
    details: { remedy: 'wait for answers before asking more' },
  });
}

function tooLong(): SmcpError {
  return new SmcpError('BODY_TOO_LARGE', `a line has more than ${LIMITS.bodyBytesMax} bytes`, {
    details: { remedy: 'send less; large data belongs in files' },
  });
}

function invalid(message: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, {
    details: { remedy: 'send one JSON-RPC message a line; batches are not taken' },
  });
}
