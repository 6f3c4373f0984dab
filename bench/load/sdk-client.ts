// The SDK's own client as a caller: what most programs will use, and several times the work of the call itself.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type CallResult, REVISION } from '#bench/tool-call.ts';
import type { LoadClient } from './lean-client.ts';

export async function connectSdk(url: string, token: string): Promise<LoadClient> {
  const client = new Client({ name: 'smcp-bench', version: '1' }, { versionNegotiation: { mode: { pin: REVISION } } });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  return {
    call: async ({ tool, args }) => (await client.callTool({ name: tool, arguments: { ...args } })) as CallResult,
    close: () => client.close(),
  };
}
