// `GET /sse` and `POST /messages/`: the protocol versions 2024-11-05 … 2025-11-25 over HTTP+SSE, as existing SMCP clients
// use them. A session belongs to the token that opened it, and ends with that or with its stream. **Trust:** session ids and
// messages are the caller's; an id alone opens nothing.

import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { FastifyReply } from 'fastify';
import { SmcpError } from '#base/errors.ts';
import { randomHex } from '#base/ids.ts';
import { callTokenOf } from '#domain/agent.ts';
import type { AgentCaller } from './authenticate.ts';
import { openEventStream } from './event-stream.ts';
import { createMcpServer } from './mcp.ts';
import type { SessionPorts } from './mcp-sessions.ts';
import { sessionUnknown } from './session-transport.ts';
import { createSseTransport, type SseTransport } from './sse-transport.ts';
import { announceToolChanges } from './tool-changes.ts';
import { asMessage } from './under-way.ts';

export type SseDoor = {
  /** Opens a session. @throws `SESSION_LIMIT` · `SHUTTING_DOWN` */
  readonly open: (caller: AgentCaller, reply: FastifyReply) => void;
  /** Takes a message for a session. @throws `REQUEST_INVALID` · `SESSION_UNKNOWN` · `QUEUE_FULL` */
  readonly receive: (caller: AgentCaller, posted: Posted) => void;
};

/** `reserve` keeps room for the body beyond its POST, whose answer leaves at once. */
export type Posted = { readonly sessionId: unknown; readonly body: unknown; readonly reserve: () => () => void };

type Session = { readonly tokenId: string; readonly receive: SseTransport['receive'] };

const SESSION_ID_BYTES = 16;
const SESSION_ID = /^[0-9a-f]{32}$/;

export function createSseDoor(ports: SessionPorts, { version }: { readonly version: string }): SseDoor {
  const sessions = new Map<string, Session>();

  const open: SseDoor['open'] = (caller, reply) => {
    const { agent, tokenId } = caller;
    const id = randomHex(SESSION_ID_BYTES);
    const isValid = () => ports.authenticator.stillHolds(caller);
    const end = () => {
      if (!sessions.delete(id)) return;
      place.leave();
      stopAnnouncing();
      // Closes the transport, and with it the stream, at once.
      void server.close();
    };
    const place = ports.room.enter({ agent, isValid, end });
    const server = createMcpServer(ports, {
      agent,
      token: callTokenOf(caller),
      door: 'sse',
      era: 'session',
      version,
      mayStillAct: isValid,
    });
    const stopAnnouncing = announceToolChanges(server, ports.changes, agent);
    const stream = openEventStream(reply, { mayRead: isValid, onClose: end });
    const { transport, receive } = createSseTransport(stream);
    // `connect` sets up everything before its first await; the transport starts at once.
    server.connect(transport).catch(stream.destroy);
    sessions.set(id, { tokenId, receive });
    stream.event('endpoint', `/messages/?session_id=${id}`);
  };

  const receive: SseDoor['receive'] = (caller, { sessionId, body, reserve }) => {
    if (typeof sessionId !== 'string' || !SESSION_ID.test(sessionId)) {
      throw new SmcpError('REQUEST_INVALID', 'session_id is missing or malformed', {
        details: { remedy: 'post to the address that the `endpoint` event of GET /sse names' },
      });
    }
    const message = parseMessage(body);
    const session = sessions.get(sessionId);
    if (session?.tokenId !== caller.tokenId) throw sessionUnknown();
    session.receive(message, reserve);
  };

  return { open, receive };
}

function parseMessage(body: unknown): JSONRPCMessage {
  const message = asMessage(body);
  if (message !== undefined) return message;
  throw new SmcpError('REQUEST_INVALID', 'the body is not a JSON-RPC 2.0 message', {
    details: { remedy: 'send one JSON-RPC message; batches are not taken' },
  });
}
