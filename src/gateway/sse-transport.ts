// One SSE session as the SDK's Transport: answers go out on the stream, requests come in by POST. Bounds how many requests
// are under way and keeps their ids apart. **Trust:** every message received is the agent's.

import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import type { EventStream } from './event-stream.ts';
import { cancelledId, createUnderWay, requestId } from './under-way.ts';
import { codedMessage } from './wire-errors.ts';

export type SseTransport = {
  readonly transport: Transport;
  /**
   * A message that came by POST.
   *
   * @throws `QUEUE_FULL` · `REQUEST_INVALID`, as `UnderWay.admit`
   */
  readonly receive: (message: JSONRPCMessage) => void;
};

export function createSseTransport(stream: EventStream): SseTransport {
  const underWay = createUnderWay<true>();
  const transport: Transport = {
    start: async () => {},
    close: async () => {
      stream.end();
      transport.onclose?.();
    },
    send: async (message) => {
      if (!('method' in message) && message.id !== undefined) underWay.settle(message.id);
      stream.event('message', JSON.stringify(codedMessage(message)));
    },
  };
  return {
    transport,
    receive: (message) => {
      const id = requestId(message);
      if (id !== undefined) underWay.admit([id], true);
      const cancelled = cancelledId(message);
      // A cancelled request gets no answer, so its place is free from here on.
      if (cancelled !== undefined) underWay.settle(cancelled);
      transport.onmessage?.(message);
    },
  };
}
