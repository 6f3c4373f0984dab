// Many one-request exchanges over one long-lived protocol server, which costs a fraction of a server per request. Request
// ids are the clients' own and collide, so each exchange gets an id of ours on its way in and its own back on its way out.
// One such server belongs to one agent: a mix-up could never cross agents.

import type {
  JSONRPCMessage,
  JSONRPCNotification,
  JSONRPCRequest,
  JSONRPCResponse,
  Transport,
} from '@modelcontextprotocol/server';
import { STATELESS_VERSION } from './protocol-server.ts';
import { codedMessage } from './wire-errors.ts';

export type ExchangeEvents = {
  /** A message that belongs to the request and comes before its answer. */
  readonly onNotification: (message: JSONRPCNotification) => void;
  /** The answer; nothing follows. `isEarly`: the protocol refused it before any handler ran. */
  readonly onResponse: (message: JSONRPCResponse, isEarly: boolean) => void;
};

export type ExchangeTransport = {
  readonly transport: Transport;
  /** Exchanges under way. */
  readonly size: () => number;
  /** Begins an exchange. The function returned cancels it: its handler's signal is aborted and no event follows. */
  readonly open: (request: JSONRPCRequest, events: ExchangeEvents) => () => void;
};

type Exchange = { readonly clientId: string | number; readonly events: ExchangeEvents };

const CLASSIFICATION = { era: 'modern', revision: STATELESS_VERSION } as const;

export function createExchangeTransport(): ExchangeTransport {
  const exchanges = new Map<number, Exchange>();
  let lastId = 0;
  let isDelivering = false;

  const deliver = (message: JSONRPCMessage) => transport.onmessage?.(message, { classification: CLASSIFICATION });
  const transport: Transport = {
    start: async () => {},
    close: async () => {
      exchanges.clear();
      transport.onclose?.();
    },
    send: async (sent, options) => {
      const message = codedMessage(sent);
      if ('method' in message) {
        const { relatedRequestId } = options ?? {};
        if ('id' in message || typeof relatedRequestId !== 'number') return;
        exchanges.get(relatedRequestId)?.events.onNotification(message);
        return;
      }
      if (typeof message.id !== 'number') return;
      const exchange = exchanges.get(message.id);
      exchanges.delete(message.id);
      exchange?.events.onResponse({ ...message, id: exchange.clientId }, isDelivering);
    },
  };

  return {
    transport,
    size: () => exchanges.size,
    open: (request, events) => {
      const id = ++lastId;
      exchanges.set(id, { clientId: request.id, events });
      isDelivering = true;
      try {
        deliver({ ...request, id });
      } finally {
        isDelivering = false;
      }
      return () => {
        if (!exchanges.delete(id)) return;
        deliver({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
      };
    },
  };
}
