// `POST /mcp`: the stateless protocol 2026-07-28. One request, one answer; a stream only where progress was asked for and
// came. A connection that closes before the answer cancels the call. **Trust:** headers and body are the agent's.

import {
  classifyInboundRequest,
  type JSONRPCRequest,
  type JSONRPCResponse,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '#base/limits.ts';
import type { Authenticator } from '#domain/ports.ts';
import { type AgentCaller, stillStandsFor } from './authenticate.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { createExchangeTransport, type ExchangeTransport } from './exchange-transport.ts';
import { createMcpServer, type McpPorts, STATELESS_VERSION } from './mcp.ts';
import { HEADER_MISMATCH, headerMismatch, headerText } from './standard-headers.ts';

export type StreamableDoor = {
  /** Answers a request whose caller and body passed the door's guards. */
  readonly handle: (caller: AgentCaller, request: FastifyRequest, reply: FastifyReply) => void;
  readonly close: () => Promise<void>;
};

type AgentServer = { readonly exchange: ExchangeTransport; readonly close: () => Promise<void> };

type RpcFailure = { readonly code: number; readonly message: string; readonly data?: unknown };

/** HTTP statuses of what the protocol refuses before a handler runs; handlers' errors are answers, with status 200. */
const EARLY_STATUS: { readonly [code: number]: number } = {
  [ProtocolErrorCode.InvalidRequest]: 400,
  [ProtocolErrorCode.MethodNotFound]: 404,
  [ProtocolErrorCode.UnsupportedProtocolVersion]: 400,
};

export function createStreamableDoor(
  ports: McpPorts & { readonly authenticator: Authenticator },
  { version }: { readonly version: string },
): StreamableDoor {
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
    handle: (caller, request, reply) => {
      const { headers, body } = request;
      const route = classifyInboundRequest({ httpMethod: 'POST', body, ...protocolHeaders(headers) });
      if (route.kind === 'reject') return refuse(reply, body, route.httpStatus, route);
      if (route.kind === 'legacy') {
        // Notifications have no answer; those of a session that can't exist here say nothing.
        if (route.reason === 'notification') return void reply.code(202).send();
        return refuse(reply, body, 400, unsupported(route.requestedVersion));
      }
      if (route.classification.revision !== STATELESS_VERSION) {
        return refuse(reply, body, 400, unsupported(route.classification.revision));
      }
      if (route.messageKind === 'notification') return void reply.code(202).send();
      const mismatch = headerMismatch(headers, route.message);
      if (mismatch !== undefined) return refuse(reply, body, 400, { code: HEADER_MISMATCH, message: mismatch });
      serve(serverOf(caller).exchange, route.message, reply);
    },
    close: async () => {
      await Promise.all([...servers.values()].map((server) => server.close()));
      servers.clear();
    },
  };
}

function serve(exchange: ExchangeTransport, message: JSONRPCRequest, reply: FastifyReply): void {
  let stream: EventStream | undefined;
  let isAnswered = false;
  let cancel = () => {};
  const onClose = () => {
    if (isAnswered) return;
    cancel();
    if (stream === undefined) reply.hijack();
  };
  cancel = exchange.open(message, {
    onNotification: (notification) => {
      stream ??= openEventStream(reply, { mayRead: () => true, onClose: () => {} });
      stream.event('message', JSON.stringify(notification));
    },
    onResponse: (response, isEarly) => {
      isAnswered = true;
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

function protocolHeaders(headers: FastifyRequest['headers']) {
  const protocolVersionHeader = headerText(headers, 'mcp-protocol-version');
  const mcpMethodHeader = headerText(headers, 'mcp-method');
  return {
    ...(protocolVersionHeader === undefined ? {} : { protocolVersionHeader }),
    ...(mcpMethodHeader === undefined ? {} : { mcpMethodHeader }),
  };
}

function unsupported(requested: string | undefined): RpcFailure {
  return {
    code: ProtocolErrorCode.UnsupportedProtocolVersion,
    message: `this address speaks MCP ${STATELESS_VERSION}; versions that begin with initialize are served at /sse`,
    data: { supported: [STATELESS_VERSION], ...(requested === undefined ? {} : { requested }) },
  };
}

function refuse(reply: FastifyReply, body: unknown, status: number, { code, message, data }: RpcFailure): void {
  const id = (body as { id?: unknown } | null | undefined)?.id;
  const error = { code, message, ...(data === undefined ? {} : { data }) };
  reply
    .code(status)
    .type('application/json')
    .send(JSON.stringify({ jsonrpc: '2.0', id: typeof id === 'string' || typeof id === 'number' ? id : null, error }));
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
