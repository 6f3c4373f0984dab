// The two independent clients of the tests: v1 SDK over HTTP+SSE, v2 client over Streamable HTTP (2026-07-28).

import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';

type ToolResult = {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: { readonly [key: string]: unknown };
  readonly _meta?: { readonly [key: string]: unknown };
};

/** What the end-to-end tests need of a client, whatever its protocol. */
export type TestClient = {
  readonly listNames: () => Promise<readonly string[]>;
  readonly call: (name: string, args?: Record<string, unknown>, meta?: object) => Promise<ToolResult>;
  readonly close: () => Promise<void>;
};

export async function connectSse(url: string, token: string): Promise<TestClient> {
  const client = new LegacyClient({ name: 'test', version: '1' });
  const headers = { authorization: `Bearer ${token}` };
  const transport = new SSEClientTransport(new URL(`${url}/sse`), {
    requestInit: { headers },
    eventSourceInit: { fetch: (input, init) => fetch(input, { ...init, headers: { ...init?.headers, ...headers } }) },
  });
  await client.connect(transport);
  return {
    listNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, _meta = {}) =>
      (await client.callTool({ name, arguments: args, _meta: { ..._meta } })) as ToolResult,
    close: () => client.close(),
  };
}

export async function connectStreamable(url: string, token: string): Promise<TestClient> {
  const client = new ModernClient(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  return {
    listNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, _meta = {}) =>
      (await client.callTool({ name, arguments: args, _meta: { ..._meta } })) as ToolResult,
    close: () => client.close(),
  };
}

export const DOORS: readonly (readonly [string, typeof connectSse])[] = [
  ['HTTP+SSE with the v1 SDK', connectSse],
  ['Streamable HTTP with the v2 client', connectStreamable],
];

/** The error that a failed call carries. */
export function errorOf(result: ToolResult): {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
} {
  return result.structuredContent?.['error'] as { code: string; message: string; details?: unknown };
}

/** The receipt of a call. */
export function receiptOf(result: ToolResult): {
  readonly invocation: string;
  readonly index: number;
  readonly leaf: string;
} {
  return result._meta?.['smcp/receipt'] as { invocation: string; index: number; leaf: string };
}
