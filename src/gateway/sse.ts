// `GET /sse` and `POST /messages/`: the protocol versions 2024-11-05 … 2025-11-25 over HTTP+SSE, as existing SMCP clients
// use them. A session belongs to one agent and ends with its stream or with the token that opened it. **Trust:** session
// ids and messages are the caller's; an id alone opens nothing.

import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
} from '@modelcontextprotocol/server';
import type { FastifyReply } from 'fastify';
import { SmcpError } from '#base/errors.ts';
import { randomHex } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import type { Authenticator } from '#domain/ports.ts';
import { type AgentCaller, stillStandsFor } from './authenticate.ts';
import { openEventStream } from './event-stream.ts';
import { createMcpServer, type McpPorts } from './mcp.ts';
import { createSseTransport } from './sse-transport.ts';

export type SseDoor = {
  /** Opens a session. @throws `SESSION_LIMIT` */
  readonly open: (caller: AgentCaller, reply: FastifyReply) => void;
  /** Takes a message for a session. @throws `REQUEST_INVALID` · `SESSION_UNKNOWN` · `QUEUE_FULL` */
  readonly receive: (caller: AgentCaller, sessionId: unknown, body: unknown) => void;
  /** Ends every stream; their calls are cancelled. */
  readonly close: () => void;
};

type Session = {
  readonly agent: AgentName;
  readonly receive: (message: JSONRPCMessage) => void;
  /** Whether the token that opened it still stands for its agent. */
  readonly isValid: () => boolean;
  readonly end: () => void;
};

const SESSION_ID_BYTES = 16;
const SESSION_ID = /^[0-9a-f]{32}$/;

export function createSseDoor(
  ports: McpPorts & { readonly authenticator: Authenticator },
  { version }: { readonly version: string },
): SseDoor {
  const sessions = new Map<string, Session>();

  const open: SseDoor['open'] = (caller, reply) => {
    const { agent } = caller;
    checkRoom(sessions, agent);
    const id = randomHex(SESSION_ID_BYTES);
    const isValid = () => stillStandsFor(ports.authenticator, caller);
    const server = createMcpServer(ports, { agent, door: 'sse', era: 'session', version, mayStillAct: isValid });
    const stream = openEventStream(reply, {
      mayRead: isValid,
      onClose: () => {
        sessions.delete(id);
        void server.close();
      },
    });
    const { transport, receive } = createSseTransport(stream);
    // `connect` sets up everything before its first await; the transport starts at once.
    server.connect(transport).catch(stream.destroy);
    sessions.set(id, { agent, receive, isValid, end: stream.end });
    stream.event('endpoint', `/messages/?session_id=${id}`);
  };

  const receive: SseDoor['receive'] = (caller, sessionId, body) => {
    if (typeof sessionId !== 'string' || !SESSION_ID.test(sessionId)) {
      throw new SmcpError('REQUEST_INVALID', 'session_id is missing or malformed', {
        details: { remedy: 'post to the address that the `endpoint` event of GET /sse names' },
      });
    }
    const message = parseMessage(body);
    const session = sessions.get(sessionId);
    if (session?.isValid() === false) session.end();
    // The same answer for a session that is not there, another agent's, and one whose token ended: ids tell nothing.
    if (session === undefined || session.agent !== caller.agent || !session.isValid()) {
      throw new SmcpError('SESSION_UNKNOWN', 'no such session', {
        details: { remedy: 'open a new stream with GET /sse' },
      });
    }
    session.receive(message);
  };

  return {
    open,
    receive,
    close: () => {
      for (const session of [...sessions.values()]) session.end();
    },
  };
}

function checkRoom(sessions: ReadonlyMap<string, Session>, agent: AgentName): void {
  const isFull = sessions.size >= LIMITS.sessionsMax;
  const own = [...sessions.values()].filter((session) => session.agent === agent).length;
  if (!isFull && own < LIMITS.sessionsPerAgentMax) return;
  throw new SmcpError('SESSION_LIMIT', isFull ? 'too many open streams' : 'this agent has too many open streams', {
    details: { remedy: 'close streams that are not needed, then try again' },
  });
}

function parseMessage(body: unknown): JSONRPCMessage {
  if (isJSONRPCRequest(body) || isJSONRPCNotification(body)) return body;
  if (isJSONRPCResultResponse(body) || isJSONRPCErrorResponse(body)) return body;
  throw new SmcpError('REQUEST_INVALID', 'the body is not a JSON-RPC 2.0 message', {
    details: { remedy: 'send one JSON-RPC message; batches are not taken' },
  });
}
