// Requests of the stateless protocol 2026-07-28. One request, one answer; a stream only where progress was asked for and
// came, or the answer is long in coming. A connection that closes before the answer cancels the call. **Trust:** the request is the agent's.

import { type JSONRPCRequest, type JSONRPCResponse, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { FastifyReply } from 'fastify';
import { LIMITS } from '#base/limits.ts';
import type { Authenticator } from '#domain/ports.ts';
import { type AgentCaller, stillStandsFor } from './authenticate.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { createExchangeTransport, type ExchangeTransport } from './exchange-transport.ts';
import { createMcpServer, type McpPorts } from './mcp.ts';
import type { SlowAnswer, SlowAnswers } from './slow-answers.ts';

export type StatelessDoor = {
  /** Answers a request whose headers were checked. */
  readonly handle: (caller: AgentCaller, request: JSONRPCRequest, reply: FastifyReply) => void;
  readonly close: () => Promise<void>;
};

type AgentServer = { readonly exchange: ExchangeTransport; readonly close: () => Promise<void> };

/** HTTP statuses of what the protocol refuses before a handler runs; handlers' errors are answers, with status 200. */
const EARLY_STATUS: { readonly [code: number]: number } = {
  [ProtocolErrorCode.InvalidRequest]: 400,
  [ProtocolErrorCode.MethodNotFound]: 404,
  [ProtocolErrorCode.UnsupportedProtocolVersion]: 400,
};

export function createStatelessDoor(
  ports: McpPorts & { readonly authenticator: Authenticator; readonly slow: SlowAnswers },
  { version }: { readonly version: string },
): StatelessDoor {
  /** By token, not by agent: a call must end with the token that asked for it. */
  const servers = new Map<string, AgentServer>();

  const serverOf = (caller: AgentCaller): AgentServer => {
    const known = servers.get(caller.tokenId);
    if (known !== undefined) return known;
    if (servers.size >= LIMITS.agentServersMax) retireIdle(servers);
    const exchange = createExchangeTransport();
    const mayStillAct = () => stillStandsFor(ports.authenticator, caller);
    const server = createMcpServer(ports, { agent: caller.agent, door: 'mcp', era: 'stateless', version, mayStillAct });
    // `connect` sets up everything before its first await; the transport starts at once.
    server.connect(exchange.transport).catch(() => {});
    const made = { exchange, close: () => server.close() };
    servers.set(caller.tokenId, made);
    return made;
  };

  return {
    handle: (caller, request, reply) =>
      serve(request, reply, { exchange: serverOf(caller).exchange, slow: ports.slow }),
    close: async () => {
      await Promise.all([...servers.values()].map((server) => server.close()));
      servers.clear();
    },
  };
}

type Serving = { readonly exchange: ExchangeTransport; readonly slow: SlowAnswers };

function serve(message: JSONRPCRequest, reply: FastifyReply, { exchange, slow }: Serving): void {
  let stream: EventStream | undefined;
  let isAnswered = false;
  let cancel = () => {};
  const opened = (): EventStream => {
    stream ??= openEventStream(reply, { mayRead: () => true, onClose: () => {} });
    return stream;
  };
  const waiting: SlowAnswer = { openStream: opened };
  const onClose = () => {
    if (isAnswered) return;
    slow.delete(waiting);
    cancel();
    if (stream === undefined) reply.hijack();
  };
  slow.add(waiting);
  cancel = exchange.open(message, {
    onNotification: (notification) => opened().event('message', JSON.stringify(notification)),
    onResponse: (response, isEarly) => {
      isAnswered = true;
      slow.delete(waiting);
      const text = JSON.stringify(response);
      if (stream === undefined) {
        reply
          .code(isEarly ? earlyStatus(response) : 200)
          .type('application/json')
          .send(text);
        return;
      }
      stream.event('message', text);
      stream.end();
    },
  });
  reply.raw.on('close', onClose);
}

function earlyStatus(response: JSONRPCResponse): number {
  return 'error' in response ? (EARLY_STATUS[response.error.code] ?? 200) : 200;
}

/** Lets the server go that was made first and has nothing under way. */
function retireIdle(servers: Map<string, AgentServer>): void {
  for (const [tokenId, server] of servers) {
    if (server.exchange.size() > 0) continue;
    servers.delete(tokenId);
    void server.close();
    return;
  }
}
