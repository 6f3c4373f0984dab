// Sessions of `/mcp`: the protocol versions 2025-03-26 … 2025-11-25. POST with `initialize` opens one, POST asks, GET listens,
// DELETE ends it. A session belongs to the token that opened it and ends with it. **Trust:** session ids, headers and
// messages are the caller's; an id alone opens nothing.

import type { InboundLegacyRoute, JSONRPCMessage } from '@modelcontextprotocol/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SmcpError } from '#base/errors.ts';
import { randomHex } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import { callTokenOf } from '#domain/agent.ts';
import type { Authenticator } from '#domain/ports.ts';
import type { AgentCaller } from './authenticate.ts';
import { openEventStream } from './event-stream.ts';
import { createMcpServer, type McpPorts } from './mcp.ts';
import { createPostAnswer } from './post-answer.ts';
import type { SessionRoom } from './session-room.ts';
import { createSessionTransport, type SessionTransport, sessionUnknown } from './session-transport.ts';
import type { SlowAnswers } from './slow-answers.ts';
import { checkAccept, headerText } from './standard-headers.ts';
import { announceToolChanges, type ToolChanges } from './tool-changes.ts';
import { checkInitialize } from './under-way.ts';

/** What doors share that keep something open. */
export type SessionPorts = McpPorts & {
  readonly authenticator: Pick<Authenticator, 'stillHolds'>;
  readonly room: SessionRoom;
  readonly changes: ToolChanges;
  readonly slow: SlowAnswers;
};

export type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

export type McpSessions = {
  /**
   * Answers a POST that is no request of 2026-07-28, as `reason` says.
   *
   * @throws `REQUEST_INVALID` · `NOT_ACCEPTABLE` · `SESSION_UNKNOWN` · `SESSION_LIMIT` · `QUEUE_FULL`
   */
  readonly post: (caller: AgentCaller, exchange: Exchange, reason: InboundLegacyRoute['reason']) => void;
  /** Opens the stream of a session for what belongs to no request. @throws as `post` */
  readonly listen: (caller: AgentCaller, exchange: Exchange) => void;
  /** Ends a session; its calls are cancelled. @throws as `post` */
  readonly end: (caller: AgentCaller, exchange: Exchange) => void;
};

type Session = {
  readonly tokenId: string;
  readonly wire: SessionTransport;
  readonly isValid: () => boolean;
  readonly end: () => void;
};

const SESSION_ID_BYTES = 16;
const SESSION_HEADER = 'mcp-session-id';
/** The one version with batches. **Source:** MCP 2025-03-26 and 2025-06-18 (changelog). */
const BATCH_VERSION = '2025-03-26';
const POST_TYPES = ['application/json', 'text/event-stream'] as const;

export function createMcpSessions(ports: SessionPorts, { version }: { readonly version: string }): McpSessions {
  const { slow } = ports;
  const sessions = new Map<string, Session>();

  /** The caller's session that the headers name. */
  const find = ({ tokenId }: AgentCaller, { headers }: FastifyRequest): Session => {
    const id = headerText(headers, SESSION_HEADER);
    if (id === undefined) throw invalid('the Mcp-Session-Id header is missing', BEGIN);
    const session = sessions.get(id);
    if (session?.tokenId !== tokenId) throw sessionUnknown();
    const said = headerText(headers, 'mcp-protocol-version');
    if (said !== undefined && said !== session.wire.version()) {
      throw invalid('the MCP-Protocol-Version header does not name the version of the session', BEGIN);
    }
    return session;
  };

  const open = (caller: AgentCaller, initialize: JSONRPCMessage, reply: FastifyReply) => {
    const { agent, tokenId } = caller;
    checkInitialize(initialize);
    const id = randomHex(SESSION_ID_BYTES);
    const isValid = () => ports.authenticator.stillHolds(caller);
    const end = () => {
      if (!sessions.delete(id)) return;
      place.leave();
      stopAnnouncing();
      // Closes the transport at once.
      void server.close();
    };
    const place = ports.room.enter({ agent, isValid, end, endStream: () => wire.endStream() });
    const server = createMcpServer(ports, {
      agent,
      token: callTokenOf(caller),
      door: 'mcp',
      era: 'session',
      version,
      mayStillAct: isValid,
    });
    const wire = createSessionTransport(() => place.setResting(!wire.isBusy()));
    sessions.set(id, { tokenId, wire, isValid, end });
    const stopAnnouncing = announceToolChanges(server, ports.changes, agent);
    // `connect` sets up everything before its first await; the transport starts at once.
    server.connect(wire.transport).catch(end);
    // A session whose opening came to nothing is nobody's: its id was told to no one.
    const openAnswer = () => {
      const answer = createPostAnswer(reply, { isStream: false, slow, mayRead: isValid, onGone: end });
      const send = (message: JSONRPCMessage) => {
        const isOpen = 'result' in message;
        if (isOpen) reply.header(SESSION_HEADER, id);
        answer.send(message, true);
        if (!isOpen) end();
      };
      return { ...answer, send };
    };
    try {
      wire.receive([initialize], openAnswer);
    } catch (thrown) {
      end();
      throw thrown;
    }
  };

  const ask = ({ wire, isValid }: Session, body: JSONRPCMessage | JSONRPCMessage[], reply: FastifyReply) => {
    const isStream = Array.isArray(body);
    const messages = isStream ? body : [body];
    const isAnswered = wire.receive(messages, (onGone) =>
      createPostAnswer(reply, { isStream, slow, mayRead: isValid, onGone }),
    );
    if (!isAnswered) reply.code(202).send();
  };

  return {
    post: (caller, { request, reply }, reason) => {
      checkAccept(request.headers, POST_TYPES);
      if (reason === 'initialize' && headerText(request.headers, SESSION_HEADER) === undefined) {
        open(caller, request.body as JSONRPCMessage, reply);
        return;
      }
      const session = find(caller, request);
      if (reason === 'initialize') throw invalid('this session has begun already', 'send no Mcp-Session-Id');
      // As the classification found it.
      const body = request.body as JSONRPCMessage | JSONRPCMessage[];
      if (Array.isArray(body)) checkBatch(body, session.wire.version());
      ask(session, body, reply);
    },
    listen: (caller, { request, reply }) => {
      checkAccept(request.headers, ['text/event-stream']);
      const { wire, isValid } = find(caller, request);
      wire.listen((onClose) => openEventStream(reply, { mayRead: isValid, onClose }));
    },
    end: (caller, { request, reply }) => {
      find(caller, request).end();
      reply.code(200).send();
    },
  };
}

const BEGIN = 'begin with `initialize` and send back what it answers, or speak 2026-07-28, which has no sessions';

function checkBatch(messages: readonly JSONRPCMessage[], version: string | undefined): void {
  const remedy = 'send one message per POST';
  if (version !== BATCH_VERSION) throw invalid(`only ${BATCH_VERSION} has batches`, remedy);
  if (messages.length > LIMITS.batchLengthMax) {
    throw invalid(`a batch has at most ${LIMITS.batchLengthMax} messages`, remedy);
  }
  if (messages.some((message) => 'method' in message && message.method === 'initialize')) {
    throw invalid('initialize is no part of a batch', remedy);
  }
}

function invalid(message: string, remedy: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: { remedy } });
}
