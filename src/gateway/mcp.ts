// The one factory for protocol servers: what an agent can do over MCP, whatever the transport. Raw JSON Schemas through
// the SDK's low-level `Server`; arguments are checked by the dispatcher, never by the SDK. **Trust:** every request is
// the agent's.

import { CLIENT_CAPABILITIES_META_KEY, type Server, type ServerContext } from '@modelcontextprotocol/server';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { type ApprovalForm, asserted, assertedIn, formParams, formResult, showsForms } from './approval-form.ts';
import { type CatalogPorts, visibleTools } from './catalog.ts';
import { argumentsIn, ProtocolServer, STATELESS_VERSION, StatelessServer } from './protocol-server.ts';
import { type AskedCall, type CallPorts, type CallSource, callTool } from './tool-call.ts';
import { asDoorError, rpcError } from './wire-errors.ts';

export type McpPorts = CatalogPorts & CallPorts & { readonly logger: Logger };

/** `era`: `stateless` speaks 2026-07-28 only; `session` the versions before it, which begin with `initialize`. */
export type McpServerOptions = CallSource & {
  readonly era: 'stateless' | 'session';
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
  const { agent, token, era, version } = options;
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
      return {
        tools: visibleTools(ports, {
          agent,
          ...(token === undefined ? {} : { token }),
          showsOutputSchema: era === 'stateless',
        }),
      };
    } catch (thrown) {
      throw rpcError(asDoorError(thrown, ports.logger));
    }
  });
  server.setRequestHandler('tools/call', async (request, context) => {
    try {
      const { name, arguments: rounded = {} } = request.params;
      const { signal, _meta: meta = {}, inputResponses: responses } = context.mcpReq;
      const { strayArgs, exactArgs: args = rounded as JsonObject } = argumentsIn(context);
      const notify = (params: JsonObject) => context.mcpReq.notify({ method: 'notifications/progress', params });
      const given = assertedIn({ responses, state: context.mcpReq.requestState() });
      const asked: AskedCall = {
        ...{ name, args, meta, signal, notify, canAskClient: showsForms(capabilitiesOf(server, context, era)) },
        ...(strayArgs === undefined ? {} : { strayArgs }),
        ...(given === undefined ? {} : { asserted: given }),
      };
      const { result, form } = await callTool(ports, options, asked);
      // A form that was put away is not shown again.
      if (form === undefined || responses !== undefined) return result;
      if (era === 'stateless') return formResult(form);
      const answered = await askInSession(context, form);
      return answered === undefined
        ? result
        : (await callTool(ports, options, { ...asked, asserted: answered })).result;
    } catch (thrown) {
      throw rpcError(asDoorError(thrown, ports.logger));
    }
  });
  return server;
}

/** What the client of this request says that it can do. **Trust:** of 2026-07-28 it came with the request, unchecked. */
function capabilitiesOf(server: Server, { mcpReq }: ServerContext, era: McpServerOptions['era']) {
  if (era === 'session') return server.getClientCapabilities();
  const envelope: { readonly [key: string]: unknown } = mcpReq.envelope ?? {};
  const capabilities = envelope[CLIENT_CAPABILITIES_META_KEY];
  return isJsonObject(capabilities) ? capabilities : undefined;
}

/** What the client says that somebody answered; undefined when nobody has. */
async function askInSession({ mcpReq }: ServerContext, form: ApprovalForm): Promise<AskedCall['asserted']> {
  try {
    const { signal, id } = mcpReq;
    const options = { signal, relatedRequestId: id, timeout: LIMITS.approvalWaitMsMax };
    const answer = await mcpReq.elicitInput(formParams(form), options);
    return asserted(form.id, {
      action: answer.action,
      ...(answer.content === undefined ? {} : { content: answer.content }),
    });
  } catch {
    // It can't show it after all, or nobody answered: a person may still approve it elsewhere.
    return undefined;
  }
}

function invalid(message: string, remedy: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: { remedy } });
}
