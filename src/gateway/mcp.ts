// The one factory for protocol servers: what an agent can do over MCP, whatever the transport. Raw JSON Schemas through
// the SDK's low-level `Server`; arguments are checked by the dispatcher, never by the SDK. **Trust:** every request is
// the agent's.

import type { Server, ServerContext } from '@modelcontextprotocol/server';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import type { CallRequest, Door } from '#domain/invocation.ts';
import type { Dispatcher } from '#domain/ports.ts';
import { callResult } from './call-result.ts';
import { type CatalogPorts, visibleTools } from './catalog.ts';
import { ProtocolServer, STATELESS_VERSION, StatelessServer, strayArgsIn } from './protocol-server.ts';
import { asDoorError, rpcError } from './wire-errors.ts';

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

/** How this server names itself. */
export function serverInfo(version: string) {
  return { name: 'smcp', title: 'SMCP', version };
}

/**
 * A server for one agent behind one door, not yet connected to a transport. `announceToolChanges` makes one of era
 * `session` tell its client of other tools; a stateless client listens by itself (`listen.ts`).
 */
export function createMcpServer(ports: McpPorts, options: McpServerOptions): Server {
  const { agent, era, version } = options;
  const info = serverInfo(version);
  const common = { capabilities: { tools: { listChanged: true } }, instructions: INSTRUCTIONS };
  const server =
    era === 'session'
      ? new ProtocolServer(info, common)
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
    try {
      if (request.params?.cursor !== undefined)
        throw invalid('there is no such page: the list has only one', 'ask without a cursor');
      return { tools: visibleTools(ports, { agent, showsOutputSchema: era === 'stateless' }) };
    } catch (thrown) {
      throw rpcError(asDoorError(thrown, ports.logger));
    }
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
  const session = textOf(meta, 'smcp/session', LIMITS.sessionLabelLengthMax);
  const idempotencyKey = textOf(meta, 'smcp/idempotencyKey', LIMITS.idempotencyKeyLengthMax);
  const strayArgs = strayArgsIn(context);
  const progress = progressReporter(context, meta.progressToken);
  try {
    const outcome = await ports.dispatcher.call({
      agent: options.agent,
      door: options.door,
      tool: name,
      args: args as JsonObject,
      mayStillAct: options.mayStillAct,
      signal: context.mcpReq.signal,
      ...(strayArgs === undefined ? undefined : { strayArgs }),
      ...(session === undefined ? undefined : { session }),
      ...(idempotencyKey === undefined ? undefined : { idempotencyKey }),
      ...(progress === undefined ? undefined : { onProgress: progress.report }),
    });
    return callResult(outcome);
  } finally {
    progress?.stop();
  }
}

type Meta = { readonly [key: string]: unknown };

/** What asks for a guarantee that this version does not give is refused, not ignored: the client would rely on it. */
function refuseUnsupported(meta: Meta): void {
  if (meta['smcp/approval'] === undefined) return;
  throw invalid('_meta["smcp/approval"] is not taken by this version', 'leave it out');
}

/** A text that a request may carry; undefined when it is left out. @throws `REQUEST_INVALID` for anything else. */
function textOf(meta: Meta, key: string, lengthMax: number): string | undefined {
  const value = meta[key];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length > 0 && value.length <= lengthMax) return value;
  throw invalid(`_meta["${key}"] is a text of 1 to ${lengthMax} characters`, 'send such a text, or leave it out');
}

type ProgressReporter = { readonly report: NonNullable<CallRequest['onProgress']>; readonly stop: () => void };

/** Sends progress to a client that asked for it, until the call ends: nothing may follow its answer. */
function progressReporter(context: ServerContext, token: string | number | undefined): ProgressReporter | undefined {
  if (token === undefined) return undefined;
  if (String(token).length > LIMITS.progressTokenLengthMax) {
    throw invalid(`progressToken has at most ${LIMITS.progressTokenLengthMax} characters`, 'send a shorter one');
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

function invalid(message: string, remedy: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: { remedy } });
}
