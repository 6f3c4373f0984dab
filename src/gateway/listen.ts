// `subscriptions/listen` of 2026-07-28: a stream that stays open and tells when the agent's tools have changed, the one
// kind of change that this server knows. **Source:** MCP 2026-07-28, patterns, subscriptions. **Trust:** the request is the
// agent's.

import {
  isSpecType,
  type JSONRPCRequest,
  SERVER_INFO_META_KEY,
  SUBSCRIPTION_ID_META_KEY,
} from '@modelcontextprotocol/server';
import type { FastifyReply } from 'fastify';
import { SmcpError } from '#base/errors.ts';
import type { AgentCaller } from './authenticate.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { serverInfo } from './mcp.ts';
import type { SessionPorts } from './mcp-sessions.ts';
import { checkRequestId } from './under-way.ts';

export const LISTEN_METHOD = 'subscriptions/listen';

export type ListenDoor = {
  /** Opens a stream in answer to the request. @throws `REQUEST_INVALID` · `SESSION_LIMIT` */
  readonly open: (caller: AgentCaller, request: JSONRPCRequest, reply: FastifyReply) => void;
};

export function createListenDoor(
  { authenticator, room, changes }: SessionPorts,
  { version }: { readonly version: string },
): ListenDoor {
  return {
    open: (caller, { id, params }, reply) => {
      const { agent } = caller;
      const isWanted = wantsTools(id, params?.['notifications']);
      const isValid = () => authenticator.stillHolds(caller);
      let stream: EventStream | undefined;
      let unwatch = () => {};
      const release = () => {
        unwatch();
        place.leave();
      };
      const send = (message: object) => stream?.event('message', JSON.stringify({ jsonrpc: '2.0', ...message }));
      const end = () => {
        release();
        const _meta = { [SUBSCRIPTION_ID_META_KEY]: id, [SERVER_INFO_META_KEY]: serverInfo(version) };
        send({ id, result: { resultType: 'complete', _meta } });
        stream?.end();
      };
      const place = room.enter({ agent, isValid, end });
      stream = openEventStream(reply, { mayRead: isValid, onClose: release });
      const tell = (method: string, more: object = {}) =>
        send({ method, params: { ...more, _meta: { [SUBSCRIPTION_ID_META_KEY]: id } } });
      const notifications = isWanted ? { toolsListChanged: true } : {};
      tell('notifications/subscriptions/acknowledged', { notifications });
      if (!isWanted) end();
      else unwatch = changes.watch(agent, () => void tell('notifications/tools/list_changed'));
    },
  };
}

/** Whether changes of tools are asked for. */
function wantsTools(id: string | number, filter: unknown): boolean {
  checkRequestId(id);
  if (isSpecType.SubscriptionFilter(filter)) return filter.toolsListChanged === true;
  throw new SmcpError('REQUEST_INVALID', 'params.notifications does not say what to listen for', {
    details: { remedy: 'send `notifications: { toolsListChanged: true }`' },
  });
}
