// The one factory for protocol servers: what an agent can do over MCP, whatever the transport. Raw JSON Schemas through
// the SDK's low-level `Server`; arguments are checked by the dispatcher, never by the SDK. **Trust:** every request is
// the agent's.

import { Server, type ServerContext } from '@modelcontextprotocol/server';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import type { CallRequest, Door } from '#domain/invocation.ts';
import type { Dispatcher } from '#domain/ports.ts';
import { callResult } from './call-result.ts';
import { type CatalogPorts, visibleTools } from './catalog.ts';
import { asDoorError, rpcError } from './wire-errors.ts';

/** The stateless protocol, which `/mcp` speaks. */
export const STATELESS_VERSION = '2026-07-28';

export type McpPorts = CatalogPorts & { readonly dispatcher: Dispatcher; readonly logger: Logger };

/** `era`: `stateless` speaks 2026-07-28 only; `session` the versions before it, which begin with `initialize`. */
export type McpServerOptions = {
  readonly agent: AgentName;
  readonly door: Door;
  readonly era: 'stateless' | 'session';
  /** Whether the token that its requests came with still stands for the agent. */
  readonly mayStillAct: () => boolean;
  /** Of the product. */
  readonly version: string;
};

const INSTRUCTIONS =
  'SMCP runs tools in a sandbox for one agent, within what a person granted it, and keeps a signed record of every call. ' +
  'The tools listed are those you may call. A refused call says which rule refused it and what would change that: ' +
  'tell the person, do not work around it.';

/** Bound to 2026-07-28 from the start: that version has no handshake which could choose it. */
class StatelessServer extends Server {
  protected override _negotiatedProtocolVersion: string = STATELESS_VERSION;
}

/** A server for one agent behind one door, not yet connected to a transport. */
export function createMcpServer(ports: McpPorts, options: McpServerOptions): Server {
  const { agent, era, version } = options;
  const info = { name: 'smcp', title: 'SMCP', version };
  const common = { capabilities: { tools: {} }, instructions: INSTRUCTIONS };
  const server =
    era === 'session'
      ? new Server(info, common)
      : new StatelessServer(info, {
          ...common,
          supportedProtocolVersions: [STATELESS_VERSION],
          cacheHints: {
            'tools/list': { cacheScope: 'private', ttlMs: 0 },
            'server/discover': { cacheScope: 'private' },
          },
        });
  // Only its name: the SDK's texts quote whole messages, arguments included.
  server.onerror = (error) => ports.logger.debug('protocol error', { agent, error: error.name });
  server.setRequestHandler('tools/list', (request) => {
    if (request.params?.cursor !== undefined) throw rpcError(invalid('there is no such page: the list has only one'));
    return { tools: visibleTools(ports, { agent, showsOutputSchema: era === 'stateless' }) };
  });
  server.setRequestHandler('tools/call', async (request, context) => {
    try {
      return await call(ports, options, { name: request.params.name, args: request.params.arguments ?? {}, context });
    } catch (thrown) {
      throw rpcError(asDoorError(thrown, ports.logger));
    }
  });
  return server;
}

type AskedCall = { readonly name: string; readonly args: object; readonly context: ServerContext };

async function call(ports: McpPorts, options: McpServerOptions, { name, args, context }: AskedCall) {
  const meta = context.mcpReq._meta ?? {};
  refuseUnsupported(meta);
  const session = sessionLabel(meta['smcp/session']);
  const progress = progressReporter(context, meta.progressToken);
  try {
    const outcome = await ports.dispatcher.call({
      agent: options.agent,
      door: options.door,
      tool: name,
      args: args as JsonObject,
      mayStillAct: options.mayStillAct,
      signal: context.mcpReq.signal,
      ...(session === undefined ? {} : { session }),
      ...(progress === undefined ? {} : { onProgress: progress.report }),
    });
    return callResult(outcome);
  } finally {
    progress?.stop();
  }
}

/** What asks for a guarantee that this version does not give is refused, not ignored: the client would rely on it. */
function refuseUnsupported(meta: { readonly [key: string]: unknown }): void {
  for (const key of ['smcp/idempotencyKey', 'smcp/approval']) {
    if (meta[key] !== undefined) throw invalid(`_meta["${key}"] is not taken by this version; leave it out`);
  }
}

function sessionLabel(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length > 0 && value.length <= LIMITS.sessionLabelLengthMax) return value;
  throw invalid(`_meta["smcp/session"] is a text of 1 to ${LIMITS.sessionLabelLengthMax} characters`);
}

type ProgressReporter = { readonly report: NonNullable<CallRequest['onProgress']>; readonly stop: () => void };

/** Sends progress to a client that asked for it, until the call ends: nothing may follow its answer. */
function progressReporter(context: ServerContext, token: string | number | undefined): ProgressReporter | undefined {
  if (token === undefined) return undefined;
  if (String(token).length > LIMITS.progressTokenLengthMax) {
    throw invalid(`progressToken has at most ${LIMITS.progressTokenLengthMax} characters`);
  }
  let isOver = false;
  return {
    report: (progress) => {
      if (isOver) return;
      const params = { progressToken: token, ...progress };
      // A client that went away can't be told; its call is being cancelled already.
      context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {});
    },
    stop: () => {
      isOver = true;
    },
  };
}

function invalid(message: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message);
}
