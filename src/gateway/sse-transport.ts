// One SSE session as the SDK's Transport: answers go out on the stream, requests come in by POST. Bounds how many requests
// are under way and keeps their ids apart. **Trust:** every message received is the agent's.

import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import type { EventStream } from './event-stream.ts';
import { admitWithRoom, cancelledId, checkInitialize, createUnderWay, requestId } from './under-way.ts';
import { codedMessage } from './wire-errors.ts';

export type SseTransport = {
  readonly transport: Transport;
  /**
   * A message that came by POST. `reserve` keeps room for it, and is asked only for a request: its room is given back when it
   * is answered or cancelled.
   *
   * @throws `QUEUE_FULL` · `REQUEST_INVALID`, as `UnderWay.admit`
   */
  readonly receive: (message: JSONRPCMessage, reserve: () => () => void) => void;
};

export function createSseTransport(stream: EventStream): SseTransport {
  const underWay = createUnderWay<() => void>();
  const transport: Transport = {
    start: async () => {},
    close: async () => {
      for (const release of underWay.settleAll()) release();
      stream.end();
      transport.onclose?.();
    },
    send: async (message) => {
      if (!('method' in message) && message.id !== undefined) underWay.settle(message.id)?.();
      stream.event('message', JSON.stringify(codedMessage(message)));
    },
  };
  return {
    transport,
    receive: (message, reserve) => {
      checkInitialize(message);
      const id = requestId(message);
      if (id !== undefined) admitWithRoom(underWay, id, reserve());
      const cancelled = cancelledId(message);
      // A cancelled request gets no answer, so its place is free from here on.
      if (cancelled !== undefined) underWay.settle(cancelled)?.();
      transport.onmessage?.(message);
    },
  };
}
