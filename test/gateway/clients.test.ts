// What independent clients see: the 1.x SDK and the 2.x client over every door of HTTP.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HTTP_CLIENTS, type McpClient } from './clients.ts';
import { ATHENA, HERMES, openDoor, type TestDoor, TOOLS } from './fakes.ts';
import { eventually } from './http.ts';

let door: TestDoor;
let client: McpClient;
let changes = 0;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await client.close();
  await door.gateway.close();
});

describe.each(HTTP_CLIENTS)('$title', ({ connect, door: doorName }) => {
  beforeEach(async () => {
    changes = 0;
    const onToolsChanged = () => {
      changes += 1;
    };
    client = await connect({ url: door.url, token: 'athena-token', onToolsChanged });
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
    expect(door.dispatcher.requests[0]).toMatchObject({ agent: 'athena', door: doorName, session: 'mine' });
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
    await eventually(() => door.dispatcher.requests.length === 2);
    controller.abort('enough');
    await expect(first).rejects.toThrow();
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect(door.dispatcher.cancelled[0]?.args).toEqual({ n: 1 });
    await client.close();
    await eventually(() => door.dispatcher.cancelled.length === 2);
  });

  test('is told once when its tools have become others, and not of those of another agent', async () => {
    door.policy.grant(HERMES, 'demo');
    door.policy.grant(ATHENA, new Set(['demo__echo']));
    door.policy.grant(ATHENA, new Set(['demo__echo', 'demo__text']));
    await eventually(() => changes > 0);
    expect((await client.list()).tools.map(({ name }) => name)).toEqual(['demo__echo', 'demo__text']);
    door.catalog.replace(TOOLS.filter(({ name }) => name !== 'demo__text'));
    await eventually(() => changes > 1);
    expect((await client.list()).tools.map(({ name }) => name)).toEqual(['demo__echo']);
    expect(changes).toBe(2);
  });
});
