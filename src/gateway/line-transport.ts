// One stdio connection as the SDK's Transport: JSON-RPC messages, one a line, both ways. Bounds how many requests are
// under way and what waits for a slow reader; a line that is no message is answered, and ends nothing.
// **Trust:** every line is the agent's.

import type { Duplex } from 'node:stream';
import { type JSONRPCMessage, ProtocolErrorCode, type Transport } from '@modelcontextprotocol/server';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { withExactArguments } from '#domain/call-message.ts';
import { LASTING_METHODS } from '#domain/stdio.ts';
import { parseJsonBody } from './json-body.ts';
import {
  admitWithRoom,
  asMessage,
  cancelledId,
  cancelledNotice,
  checkInitialize,
  createUnderWay,
  type RequestId,
  requestId,
} from './under-way.ts';
import { codedMessage, rpcError } from './wire-errors.ts';

export type LineTransport = {
  readonly transport: Transport;
  /** A line of the agent's. */
  readonly receive: (line: Buffer) => void;
  /** A line of the agent's was over the bound and was dropped. */
  readonly refuseLong: () => void;
  /** The agent sends no more: its calls are cancelled, what is answered at once still is, then the connection ends. */
  readonly finish: () => void;
};

export type LineTransportOptions = {
  /** Keeps room for a request of this many bytes. The function returned gives it back. @throws `QUEUE_FULL` */
  readonly reserve: (bytes: number) => () => void;
  /** The reader was too slow; its connection is cut. */
  readonly onSlowReader: () => void;
};

export function createLineTransport(stream: Duplex, options: LineTransportOptions): LineTransport {
  const requests = createRequests(options.reserve);
  let isFinishing = false;

  const write = (message: object) => {
    if (stream.destroyed || stream.writableEnded) return;
    stream.write(`${JSON.stringify(message)}\n`);
    if (stream.writableLength <= LIMITS.streamBufferBytesMax) return;
    options.onSlowReader();
    stream.destroy();
  };
  const refuse = (id: RequestId | null, error: SmcpError, rpc?: number) => {
    const { code, message, data } = rpcError(error);
    write({ jsonrpc: '2.0', id, error: { code: rpc ?? code, message, data } });
  };
  const settle = (id: RequestId) => {
    requests.settle(id);
    if (isFinishing && requests.size() === 0) stream.end();
  };

  const transport: Transport = {
    start: async () => {},
    close: async () => {
      stream.end();
      requests.settleAll();
      transport.onclose?.();
    },
    send: async (message) => {
      write(codedMessage(message));
      if (!('method' in message) && message.id !== undefined) settle(message.id);
    },
  };

  return {
    transport,
    receive: (line) => {
      const parsed = parseLine(line);
      if (parsed.kind === 'refused') return refuse(parsed.id, parsed.error, parsed.rpc);
      const { message } = parsed;
      const refused = requests.admit(message, line.length);
      if (refused !== undefined) return refuse(refused.id, refused.error);
      transport.onmessage?.(message);
      const cancelled = cancelledId(message);
      // A cancelled request gets no answer, so its place is free from here on.
      if (cancelled !== undefined) settle(cancelled);
    },
    refuseLong: () => {
      const message = `a line has more than ${LIMITS.bodyBytesMax} bytes`;
      const details = { remedy: 'send less; large data belongs in files' };
      refuse(null, new SmcpError('BODY_TOO_LARGE', message, { details }));
    },
    finish: () => {
      isFinishing = true;
      for (const id of requests.lasting()) {
        transport.onmessage?.(cancelledNotice(id));
        settle(id);
      }
      if (requests.size() === 0) stream.end();
    },
  };
}

type Refused = { readonly id: RequestId | null; readonly error: SmcpError };

/** The requests under way, each with its room, and which of them last. */
function createRequests(reserve: LineTransportOptions['reserve']) {
  const underWay = createUnderWay<() => void>();
  const lasting = new Set<RequestId>();
  return {
    /** Undefined when the message may go on: it is no request, or has a place from now on. */
    admit: (message: JSONRPCMessage, bytes: number): Refused | undefined => {
      const id = requestId(message);
      if (id === undefined || !('method' in message)) return undefined;
      try {
        checkInitialize(message);
        admitWithRoom(underWay, id, reserve(bytes));
      } catch (thrown) {
        if (!(thrown instanceof SmcpError)) throw thrown;
        // An error under the id of a request that is under way would be taken for its answer.
        return { id: underWay.find(id) === undefined ? id : null, error: thrown };
      }
      if (LASTING_METHODS.has(message.method)) lasting.add(id);
      return undefined;
    },
    settle: (id: RequestId) => {
      underWay.settle(id)?.();
      lasting.delete(id);
    },
    settleAll: () => {
      for (const release of underWay.settleAll()) release();
      lasting.clear();
    },
    lasting: () => [...lasting],
    size: underWay.size,
  };
}

type ParsedLine =
  | { readonly kind: 'message'; readonly message: JSONRPCMessage }
  | { readonly kind: 'refused'; readonly id: RequestId | null; readonly error: SmcpError; readonly rpc?: number };

function parseLine(line: Buffer): ParsedLine {
  let value: unknown;
  try {
    value = withExactArguments(parseJsonBody(line));
  } catch (thrown) {
    if (!(thrown instanceof SmcpError)) throw thrown;
    return { kind: 'refused', id: null, error: thrown, rpc: ProtocolErrorCode.ParseError };
  }
  const message = asMessage(value);
  if (message !== undefined) return { kind: 'message', message };
  const id = isJsonObject(value) ? value['id'] : undefined;
  const error = new SmcpError('REQUEST_INVALID', 'the line is not a JSON-RPC 2.0 message', {
    details: { remedy: 'send one JSON-RPC message a line; batches are not taken' },
  });
  return { kind: 'refused', id: typeof id === 'string' || typeof id === 'number' ? id : null, error };
}
