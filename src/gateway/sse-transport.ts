// One SSE session as the SDK's Transport: answers go out on the stream, requests come in by POST. Bounds how many requests
// are under way and keeps their ids apart. **Trust:** every message received is the agent's.

import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { EventStream } from './event-stream.ts';
import { codedMessage } from './wire-errors.ts';

export type SseTransport = {
  readonly transport: Transport;
  /**
   * A message that came by POST.
   *
   * @throws `QUEUE_FULL` with `requestsPerSessionMax` requests under way · `REQUEST_INVALID` for an id under way already
   */
  readonly receive: (message: JSONRPCMessage) => void;
};

export function createSseTransport(stream: EventStream): SseTransport {
  const underWay = new Set<string | number>();
  const transport: Transport = {
    start: async () => {},
    close: async () => {
      stream.end();
      transport.onclose?.();
    },
    send: async (message) => {
      if (!('method' in message) && message.id !== undefined) underWay.delete(message.id);
      stream.event('message', JSON.stringify(codedMessage(message)));
    },
  };
  return {
    transport,
    receive: (message) => {
      if ('method' in message && 'id' in message) admit(underWay, message.id);
      const cancelled = cancelledId(message);
      // A cancelled request gets no answer, so its place is free from here on.
      if (cancelled !== undefined) underWay.delete(cancelled);
      transport.onmessage?.(message);
    },
  };
}

function admit(underWay: Set<string | number>, id: string | number): void {
  if (underWay.has(id)) throw new SmcpError('REQUEST_INVALID', 'a request with this id is under way already');
  if (underWay.size >= LIMITS.requestsPerSessionMax) {
    throw new SmcpError('QUEUE_FULL', 'too many requests are under way on this session', {
      details: { remedy: 'wait for answers before asking more' },
    });
  }
  underWay.add(id);
}

function cancelledId(message: JSONRPCMessage): string | number | undefined {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  const id = message.params?.['requestId'];
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}
