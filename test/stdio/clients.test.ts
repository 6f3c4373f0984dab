// What independent clients see through the socket of a home, in both eras.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { McpClient } from '#test/gateway/clients.ts';
import { ATHENA, TOOLS } from '#test/gateway/fakes.ts';
import { eventually } from '#test/gateway/http.ts';
import { LINE_CLIENTS, socketTransport } from './clients.ts';
import { openSocketDoor, type TestSocketDoor } from './door.ts';

let door: TestSocketDoor;
let client: McpClient;
let changes = 0;

describe.each(LINE_CLIENTS)('$title', ({ connect }) => {
  beforeEach(async () => {
    door = await openSocketDoor();
    changes = 0;
    const connection = await door.dial();
    await connection.greet('athena');
    const onToolsChanged = () => {
      changes += 1;
    };
    client = await connect(socketTransport(connection), { onToolsChanged });
  });
  afterEach(async () => {
    await client.close();
    await door.remove();
  });

  test('is told what this server is', () => {
    expect(client.name()).toBe('smcp');
    expect(client.instructions()).toContain('signed record');
  });

  test('lists what the agent may call and nothing else', async () => {
    const { tools } = await client.list();
    expect(tools.map(({ name }) => name)).toEqual([
      'demo__count',
      'demo__crash',
      'demo__echo',
      'demo__text',
      'demo__wait',
    ]);
  });

  test('calls a tool and gets value, structure and receipt', async () => {
    const args = { text: 'é\u2028', nested: { a: [1, null, { b: true }] }, extra: 0.5 };
    const result = await client.call({ name: 'demo__echo', arguments: args, _meta: { 'smcp/session': 'mine' } });
    expect(result).toMatchObject({
      structuredContent: { agent: 'athena', args },
      _meta: { 'smcp/receipt': { invocation: expect.stringMatching(/^[0-9a-f-]{36}$/), index: 1 } },
    });
    expect(door.dispatcher.requests[0]).toMatchObject({ agent: 'athena', door: 'stdio', session: 'mine' });
  });

  test('is denied with the rule and what would change it', async () => {
    const result = await client.call({ name: 'demo__forbidden', arguments: {} });
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { error: { code: 'DENIED', details: { rule: 'default-deny' } } },
    });
  });

  test('hears of progress while the call runs', async () => {
    const heard: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void heard.push(progress);
    await client.call({ name: 'demo__count', arguments: { total: 3 } }, { onprogress });
    expect(heard).toEqual([1, 2, 3]);
  });

  test('cancels a call', async () => {
    const controller = new AbortController();
    const call = client.call({ name: 'demo__wait', arguments: {} }, { signal: controller.signal });
    await eventually(() => door.dispatcher.requests.length === 1);
    controller.abort();
    await expect(call).rejects.toThrow();
    await eventually(() => door.dispatcher.cancelled.length === 1);
  });

  test('is told when its tools have changed', async () => {
    await client.list();
    door.policy.grant(ATHENA, new Set(['demo__text']));
    await eventually(() => changes > 0);
    expect((await client.list()).tools.map(({ name }) => name)).toEqual(['demo__text']);
  });

  test('loses everything with its next call once the policy names it no more', async () => {
    door.policy.grant(ATHENA, new Set());
    const result = await client.call({ name: 'demo__echo', arguments: {} });
    expect(result).toMatchObject({ isError: true, structuredContent: { error: { code: 'DENIED' } } });
    expect((await client.list()).tools).toEqual([]);
    expect(TOOLS).not.toEqual([]);
  });
});
