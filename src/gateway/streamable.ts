// `/mcp`, told apart by era: requests of 2026-07-28 say so in each message and stand alone; what does not is of a session.
// **Trust:** headers and body are the agent's.

import { classifyInboundRequest, type JSONRPCRequest, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AgentCaller, unauthenticated } from './authenticate.ts';
import { createListenDoor, LISTEN_METHOD } from './listen.ts';
import { createMcpSessions, type McpSessions, type SessionPorts } from './mcp-sessions.ts';
import { createParamHeaders } from './param-headers.ts';
import { plainCall } from './plain-call.ts';
import { STATELESS_VERSION } from './protocol-server.ts';
import { HEADER_MISMATCH, headerMismatch, headerText } from './standard-headers.ts';
import { createStatelessDoor } from './stateless.ts';

export type StreamableDoor = {
  /** Answers a POST whose caller and body passed the door's guards. @throws what refuses a session or a subscription */
  readonly post: (caller: AgentCaller, request: FastifyRequest, reply: FastifyReply) => void;
  /** GET and DELETE, which only sessions have. */
  readonly sessions: Pick<McpSessions, 'listen' | 'end'>;
  readonly close: () => Promise<void>;
};

/** Of a request, what headers may repeat. */
type AskedMethod = Pick<JSONRPCRequest, 'method' | 'params'>;

type RpcFailure = { readonly code: number; readonly message: string; readonly data?: unknown };

export function createStreamableDoor(ports: SessionPorts, options: { readonly version: string }): StreamableDoor {
  const stateless = createStatelessDoor(ports, options);
  const sessions = createMcpSessions(ports, options);
  const subscriptions = createListenDoor(ports, options);
  const paramHeaders = createParamHeaders();

  /** Of a tool that the caller does not see, nothing is said. */
  const paramMismatch = (
    { agent, rights }: AgentCaller,
    headers: FastifyRequest['headers'],
    { method, params }: AskedMethod,
  ) => {
    const name = method === 'tools/call' ? params?.['name'] : undefined;
    const tool = typeof name === 'string' ? ports.catalog.tool(name) : undefined;
    const mismatch = tool && paramHeaders.mismatch(headers, tool.inputSchema, params?.['arguments']);
    const isSeen = mismatch !== undefined && rights?.scopes.allowsTool(String(name)) !== false;
    return isSeen && ports.policy.mayCall(agent, String(name), ports.clock.nowMs()) ? mismatch : undefined;
  };
  const mismatchOf = (caller: AgentCaller, headers: FastifyRequest['headers'], asked: AskedMethod) =>
    headerMismatch(headers, asked) ?? paramMismatch(caller, headers, asked);

  return {
    post: (caller, request, reply) => {
      // The headers came before the body, maybe long before.
      if (!ports.authenticator.stillHolds(caller)) throw unauthenticated();
      const { headers, body } = request;
      const plain = plainCall(headers, body);
      if (plain !== undefined) {
        const params = { name: plain.name, arguments: plain.args };
        const mismatch = mismatchOf(caller, headers, { method: 'tools/call', params });
        if (mismatch === undefined) return stateless.call(caller, plain, reply);
        return refuse(reply, body, 400, { code: HEADER_MISMATCH, message: mismatch });
      }
      const route = classifyInboundRequest({ httpMethod: 'POST', body, ...protocolHeaders(headers) });
      if (route.kind === 'reject') return refuse(reply, body, route.httpStatus, route);
      if (route.kind === 'legacy') return sessions.post(caller, { request, reply }, route.reason);
      // A session's id says nothing here. **Source:** MCP 2026-07-28, Streamable HTTP, earlier revisions.
      if (route.classification.revision !== STATELESS_VERSION) {
        return refuse(reply, body, 400, unsupported(route.classification.revision));
      }
      if (route.messageKind === 'notification') return void reply.code(202).send();
      const mismatch = mismatchOf(caller, headers, route.message);
      if (mismatch !== undefined) return refuse(reply, body, 400, { code: HEADER_MISMATCH, message: mismatch });
      if (route.message.method === LISTEN_METHOD) subscriptions.open(caller, route.message, reply);
      else stateless.handle(caller, route.message, reply);
    },
    sessions,
    close: stateless.close,
  };
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
    message: `of the versions without sessions this server speaks ${STATELESS_VERSION}; those with one begin with initialize`,
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
