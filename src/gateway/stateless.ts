// Requests of the stateless protocol 2026-07-28. One request, one answer; a stream only where progress was asked for and
// came, or the answer is long in coming. A connection that closes before the answer cancels the call. **Trust:** the request is the agent's.

import {
  type JSONRPCNotification,
  type JSONRPCRequest,
  type JSONRPCResponse,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import type { FastifyReply } from 'fastify';
import { LIMITS } from '#base/limits.ts';
import { callTokenOf } from '#domain/agent.ts';
import type { Authenticator } from '#domain/ports.ts';
import { formResult } from './approval-form.ts';
import type { AgentCaller } from './authenticate.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { createExchangeTransport, type ExchangeTransport } from './exchange-transport.ts';
import { createMcpServer, type McpPorts, serverInfo } from './mcp.ts';
import type { PlainCall } from './plain-call.ts';
import type { SlowAnswer, SlowAnswers } from './slow-answers.ts';
import { type CallSource, callTool } from './tool-call.ts';
import { asDoorError, rpcError } from './wire-errors.ts';

export type StatelessDoor = {
  /** Answers a request whose headers were checked. */
  readonly handle: (caller: AgentCaller, request: JSONRPCRequest, reply: FastifyReply) => void;
  /** The same for a call that the SDK needn't look at, with the answer that it would give. */
  readonly call: (caller: AgentCaller, plain: PlainCall, reply: FastifyReply) => void;
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
  ports: McpPorts & { readonly authenticator: Pick<Authenticator, 'stillHolds'>; readonly slow: SlowAnswers },
  { version }: { readonly version: string },
): StatelessDoor {
  /** By token, not by agent: a call must end with the token that asked for it. */
  const servers = new Map<string, AgentServer>();
  const resultMeta = { 'io.modelcontextprotocol/serverInfo': serverInfo(version) };

  const sourceOf = (caller: AgentCaller): CallSource => ({
    agent: caller.agent,
    token: callTokenOf(caller),
    door: 'mcp',
    mayStillAct: () => ports.authenticator.stillHolds(caller),
  });

  const serverOf = (caller: AgentCaller): AgentServer => {
    const known = servers.get(caller.tokenId);
    if (known !== undefined) return known;
    if (servers.size >= LIMITS.agentServersMax) retireIdle(servers);
    const exchange = createExchangeTransport();
    const server = createMcpServer(ports, { ...sourceOf(caller), era: 'stateless', version });
    // `connect` sets up everything before its first await; the transport starts at once.
    server.connect(exchange.transport).catch(() => {});
    const made = { exchange, close: () => server.close() };
    servers.set(caller.tokenId, made);
    return made;
  };

  const answerPlain = async (
    source: CallSource,
    { id, ...asked }: PlainCall & { readonly signal: AbortSignal },
  ): Promise<JSONRPCResponse> => {
    try {
      const { result, form } = await callTool(ports, source, { ...asked, notify: async () => {} });
      if (form !== undefined) return { result: { _meta: resultMeta, ...formResult(form) }, jsonrpc: '2.0', id };
      const { _meta, ...rest } = result;
      return { result: { _meta: { ..._meta, ...resultMeta }, ...rest, resultType: 'complete' }, jsonrpc: '2.0', id };
    } catch (thrown) {
      const { code, message, data } = rpcError(asDoorError(thrown, ports.logger));
      return { jsonrpc: '2.0', id, error: { code, message, data } };
    }
  };

  return {
    handle: (caller, request, reply) => {
      const { exchange } = serverOf(caller);
      openAnswer(reply, ports.slow, ({ notify, respond }) =>
        exchange.open(request, { onNotification: notify, onResponse: respond }),
      );
    },
    call: (caller, plain, reply) => {
      openAnswer(reply, ports.slow, ({ respond }) => {
        const gone = new AbortController();
        const answering = answerPlain(sourceOf(caller), { ...plain, signal: gone.signal });
        answering.then((response) => respond(response, false)).catch(() => reply.raw.destroy());
        return () => gone.abort();
      });
    },
    close: async () => {
      await Promise.all([...servers.values()].map((server) => server.close()));
      servers.clear();
    },
  };
}

type Answer = {
  readonly notify: (notification: JSONRPCNotification) => void;
  /** `isEarly`: the protocol refused it before any handler ran. Dropped once the client is gone. */
  readonly respond: (response: JSONRPCResponse, isEarly: boolean) => void;
};

/** `begin` starts what will answer, and gives back what cancels it. */
function openAnswer(reply: FastifyReply, slow: SlowAnswers, begin: (answer: Answer) => () => void): void {
  let stream: EventStream | undefined;
  let isOver = false;
  const opened = (): EventStream => {
    stream ??= openEventStream(reply, { mayRead: () => true, onClose: () => {} });
    return stream;
  };
  const waiting: SlowAnswer = { openStream: opened };
  slow.add(waiting);
  const cancel = begin({
    notify: (notification) => opened().event('message', JSON.stringify(notification)),
    respond: (response, isEarly) => {
      if (isOver) return;
      isOver = true;
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
  reply.raw.on('close', () => {
    if (isOver) return;
    isOver = true;
    slow.delete(waiting);
    cancel();
    if (stream === undefined) reply.hijack();
  });
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
