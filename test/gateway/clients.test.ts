// What independent clients see: the 1.x SDK over HTTP+SSE and the 2.x client over /mcp.

import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as LegacyStreamable } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDoor, type TestDoor } from './fakes.ts';
import { eventually } from './http.ts';

type CallOptions = { signal?: AbortSignal; onprogress?: (progress: { progress: number }) => void };
type Params = { name: string; arguments?: { [key: string]: unknown }; _meta?: { [key: string]: unknown } };
type Connected = {
  list: () => Promise<{ tools: { name: string }[] }>;
  call: (params: Params, options?: CallOptions) => Promise<{ [key: string]: unknown }>;
  instructions: () => string | undefined;
  name: () => string | undefined;
  close: () => Promise<void>;
};

const headers = { authorization: 'Bearer athena-token' };

async function connectLegacy(url: string): Promise<Connected> {
  const client = new LegacyClient({ name: 'test', version: '1' });
  await client.connect(new SSEClientTransport(new URL('/sse', url), { requestInit: { headers } }) as never);
  return {
    list: () => client.listTools(),
    call: (params, options) => client.callTool(params, undefined, options) as never,
    instructions: () => client.getInstructions(),
    name: () => client.getServerVersion()?.name,
    close: () => client.close(),
  };
}

async function connectModern(url: string): Promise<Connected> {
  const client = new ModernClient({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } }));
  return {
    list: () => client.listTools(),
    call: (params, options) => client.callTool(params, options) as never,
    instructions: () => client.getInstructions(),
    name: () => client.getServerVersion()?.name,
    close: () => client.close(),
  };
}

let door: TestDoor;
let client: Connected;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await client.close();
  await door.gateway.close();
});

describe.each([
  ['the 1.x SDK over SSE', connectLegacy, 'sse'],
  ['the 2.x client over /mcp', connectModern, 'mcp'],
] as const)('%s', (_title, connect, doorName) => {
  beforeEach(async () => {
    client = await connect(door.url);
  });

  test('is told what this server is', () => {
    expect(client.name()).toBe('smcp');
    expect(client.instructions()).toContain('signed record');
  });

  test('lists only what the agent may call, sorted, the same each time', async () => {
    const { tools } = await client.list();
    expect(tools.map(({ name }) => name)).toEqual([
      'demo__count',
      'demo__crash',
      'demo__echo',
      'demo__text',
      'demo__wait',
    ]);
    expect((await client.list()).tools).toEqual(tools);
  });

  test('calls a tool and gets value, structure and receipt', async () => {
    const args = { text: 'é', nested: { a: [1, null, { b: true }] }, extra: 0.5, constructor: 'x' };
    const result = await client.call({
      name: 'demo__echo',
      arguments: args,
      _meta: { 'smcp/session': 'mine' },
    });
    const value = { agent: 'athena', args };
    expect(result).toMatchObject({
      content: [{ type: 'text', text: JSON.stringify(value) }],
      structuredContent: value,
      _meta: { 'smcp/receipt': { invocation: expect.stringMatching(/^[0-9a-f-]{36}$/), index: 1, leaf: 'bGVhZg==' } },
    });
    expect(result['isError']).not.toBe(true);
    expect(door.dispatcher.calls[0]).toMatchObject({ agent: 'athena', door: doorName, session: 'mine' });
  });

  test('gets a denial as a result that says rule and remedy, also for a tool with an output schema', async () => {
    await client.list();
    const result = await client.call({ name: 'demo__forbidden' });
    expect(result).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'DENIED (default-deny): no grant covers it\nask a person for a grant' }],
      structuredContent: {
        error: { code: 'DENIED', message: 'no grant covers it', details: { rule: 'default-deny' } },
      },
      _meta: { 'smcp/receipt': { index: 1 } },
    });
  });

  test('gets a protocol error for an unknown tool, which names no other', async () => {
    const error = await client.call({ name: 'demo__none' }).then(
      () => undefined,
      (thrown: unknown) => thrown as { code: number; data: { code: string } },
    );
    expect(error).toMatchObject({ code: -32602, data: { code: 'TOOL_UNKNOWN' } });
    expect(String(error) + JSON.stringify(error)).not.toMatch(/demo__echo|demo__forbidden/);
  });

  test('is told nothing about a bug but that it is one', async () => {
    await expect(client.call({ name: 'demo__crash' })).rejects.toMatchObject({
      code: -32603,
      message: expect.not.stringContaining('secret'),
      data: { code: 'INTERNAL' },
    });
    expect(door.logger.lines.find(({ level }) => level === 'error')?.fields['error']).toContain('secret inside');
  });

  test('gets progress in order, then the answer', async () => {
    const seen: number[] = [];
    const result = await client.call({ name: 'demo__count' }, { onprogress: ({ progress }) => seen.push(progress) });
    expect(seen).toEqual([1, 2, 3]);
    expect(result['content']).toEqual([{ type: 'text', text: '3' }]);
  });

  test('cancels its own call only', async () => {
    const controller = new AbortController();
    const first = client.call({ name: 'demo__wait', arguments: { n: 1 } }, { signal: controller.signal });
    const second = client.call({ name: 'demo__wait', arguments: { n: 2 } });
    second.catch(() => {});
    await eventually(() => door.dispatcher.calls.length === 2);
    controller.abort('enough');
    await expect(first).rejects.toThrow();
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect(door.dispatcher.cancelled[0]?.args).toEqual({ n: 1 });
    await client.close();
    await eventually(() => door.dispatcher.cancelled.length === 2);
  });
});

describe('a client of a session-based version on /mcp', () => {
  test.each([
    ['1.x', () => new LegacyClient({ name: 't', version: '1' }), LegacyStreamable],
    ['2.x that does not negotiate', () => new ModernClient({ name: 't', version: '1' }), StreamableHTTPClientTransport],
  ])('%s is told which version this address speaks and where its own is served', async (_title, create, Transport) => {
    const legacy = create();
    const transport = new Transport(new URL('/mcp', door.url), { requestInit: { headers } });
    client = { close: () => legacy.close() } as Connected;
    await expect(legacy.connect(transport as never)).rejects.toThrow(/2026-07-28.*\/sse/);
  });
});
