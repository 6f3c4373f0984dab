// `tools` and `call` go through MCP, like any agent: with SMCP_TOKEN as it is, else with a token that the admin API issues
// for the agent, good for ten minutes and revoked afterwards.

import type { Client } from '@modelcontextprotocol/client';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject } from '#base/json.ts';
import { ADMIN_PREFIX } from '#operations/operation.ts';
import { errorFrom, findServer, notOurs, notRunning, requestJson, type Server } from './admin-client.ts';
import { type CommandContext, type CommandInput, text } from './command.ts';

const TOKEN_LIFETIME = '10m';

/** The MCP revision of `/mcp`. */
const REVISION = '2026-07-28';

/** Connects as the agent of `--agent`, runs `use`, and leaves nothing behind. */
export async function withMcpClient<T>(
  context: CommandContext,
  input: CommandInput,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const server = await findServer(context.home, context.terminal);
  const named = text(input, 'agent');
  const own = context.terminal.env['SMCP_TOKEN'];
  if (own !== undefined && named === undefined) return useClient(server.url, own, use);
  const agent = named ?? (await onlyAgent(server));
  const path = `${ADMIN_PREFIX}/agents/${encodeURIComponent(agent)}/tokens`;
  const issued = await requestJson(server, 'POST', path, { expires: TOKEN_LIFETIME });
  if (!isJsonObject(issued)) throw notOurs('the server issued no token');
  try {
    return await useClient(server.url, String(issued['token']), use);
  } finally {
    await requestJson(server, 'DELETE', `${ADMIN_PREFIX}/tokens/${String(issued['id'])}`).catch(() => {
      context.terminal.err(`warning: token ${issued['id']} could not be revoked; it expires by itself\n`);
    });
  }
}

async function useClient<T>(url: string, token: string, use: (client: Client) => Promise<T>): Promise<T> {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const client = new Client({ name: 'smcp-cli', version: '1' }, { versionNegotiation: { mode: { pin: REVISION } } });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
    return await use(client);
  } catch (thrown) {
    throw asCommandError(thrown, url);
  } finally {
    await client.close();
  }
}

/** What the client throws, as the server meant it: by its HTTP status, or the code in a protocol error's data. */
function asCommandError(thrown: unknown, url: string): unknown {
  const { status, data, cause } = (thrown ?? {}) as { status?: unknown; data?: unknown; cause?: unknown };
  if (status === 401) {
    return new SmcpError('UNAUTHENTICATED', 'the token is unknown, expired or revoked', {
      details: { remedy: 'get a new one with: smcp agent token NAME' },
    });
  }
  if (status === 403) {
    return new SmcpError('FORBIDDEN', 'the token is not that of an agent', {
      details: { remedy: 'with an admin token, say which agent: --agent NAME' },
    });
  }
  const error = isJsonObject(data) ? errorFrom(data) : undefined;
  if (error !== undefined) return error;
  const isUnreachable = thrown instanceof TypeError || cause instanceof TypeError;
  return isUnreachable ? notRunning(url, thrown) : thrown;
}

/** The agent to be when none is named: the only one there is. */
async function onlyAgent(server: Server): Promise<string> {
  const agents = await requestJson(server, 'GET', `${ADMIN_PREFIX}/agents`);
  const names = Array.isArray(agents) ? agents.filter(isJsonObject).map((agent) => String(agent['name'])) : [];
  if (names.length === 1 && names[0] !== undefined) return names[0];
  throw new SmcpError('USAGE', names.length === 0 ? 'the policy names no agent' : 'which agent?', {
    details: {
      agents: names,
      remedy: names.length === 0 ? 'smcp agent add NAME' : `add --agent ${names.join(' or --agent ')}`,
    },
  });
}
