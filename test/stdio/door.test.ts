// The socket of the home: who is let in, both eras of the protocol on it, and how connections end.

import { lstatSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { agentName } from '#test/gateway/fakes.ts';
import { eventually } from '#test/gateway/http.ts';
import { createSocketDoor, initialize, openSocketDoor, rpc, stateless, type TestSocketDoor } from './door.ts';

let door: TestSocketDoor;
beforeEach(async () => {
  door = await openSocketDoor();
});
afterEach(() => door.remove());

const callOf = (name: string, args: object = {}) => ({ name, arguments: args });
const errorOf = (answer: { readonly [key: string]: unknown }) =>
  answer['error'] as { readonly code: number | string; readonly message: string; readonly data?: { code?: string } };

describe('the first line', () => {
  test('names the agent, and is answered with who serves', async () => {
    const connection = await door.dial();
    expect(await connection.greet('athena')).toEqual({ smcp: 1, agent: 'athena', version: '1.2.3', command: 'serve' });
  });

  test('of an agent that the policy does not name is refused with those it names, and the nearest', async () => {
    const connection = await door.dial();
    const { error } = await connection.greet('athene');
    expect(error).toEqual({
      code: 'AGENT_UNKNOWN',
      message: 'the policy names no agent athene',
      details: { agents: ['athena', 'hermes'], remedy: 'did you mean --agent athena' },
    });
    await connection.closed;
  });

  test('without an agent is refused with the agents there are', async () => {
    const connection = await door.dial();
    connection.send({ smcp: 1 });
    expect(errorOf(await connection.line(0))).toMatchObject({
      code: 'USAGE',
      details: { agents: ['athena', 'hermes'], remedy: 'add --agent athena or --agent hermes' },
    });
    await connection.closed;
  });

  test.each([
    ['another version', '{"smcp":2,"agent":"athena"}'],
    ['no handshake but a request', JSON.stringify(rpc(1, 'tools/call', callOf('demo__echo')))],
    ['no JSON', 'GET /mcp HTTP/1.1'],
    ['a list', '[]'],
    ['null', 'null'],
    ['an agent that is no text', '{"smcp":1,"agent":{"toString":"athena"}}'],
    ['an agent with a reserved name', '{"smcp":1,"agent":"admin"}'],
    ['a line that is too long', `{"smcp":1,"agent":"athena","x":"${'x'.repeat(LIMITS.stdioHelloBytesMax)}"}`],
  ])('with %s is refused, and nothing after it is read', async (_what, line) => {
    const connection = await door.dial();
    connection.write(`${line}\n${JSON.stringify(stateless(1, 'tools/call', callOf('demo__echo')))}\n`);
    expect(errorOf(await connection.line(0)).code).toMatch(/^(REQUEST_INVALID|AGENT_UNKNOWN)$/);
    await connection.closed;
    expect(connection.lines).toHaveLength(1);
    expect(door.dispatcher.requests).toEqual([]);
  });

  test('is not taken a second time: the agent of a connection stays', async () => {
    const connection = await door.dial();
    await connection.greet('hermes');
    connection.send({ smcp: 1, agent: 'athena' });
    expect(errorOf(await connection.line(1)).code).toBe(-32600);
    connection.send(stateless(1, 'tools/call', callOf('demo__echo')));
    await connection.line(2);
    expect(door.dispatcher.requests[0]?.agent).toBe('hermes');
  });

  test('that never ends is cut off before it fills memory', async () => {
    const connection = await door.dial();
    connection.write('x'.repeat(LIMITS.bodyBytesMax + 1));
    await connection.closed;
    expect(connection.lines).toEqual([]);
  });
});

describe('the era', () => {
  test.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    'of %s begins with initialize, whose version is echoed',
    async (version) => {
      const connection = await door.dial();
      await connection.greet();
      connection.send(initialize(version));
      expect(await connection.line(1)).toMatchObject({
        id: 'init',
        result: { protocolVersion: version, serverInfo: { name: 'smcp', version: '1.2.3' } },
      });
      connection.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
      connection.send(rpc(2, 'tools/call', callOf('demo__echo', { text: 'hello' })));
      expect(await connection.line(2)).toMatchObject({
        id: 2,
        result: { structuredContent: { agent: 'athena', args: { text: 'hello' } } },
      });
      expect(door.dispatcher.requests[0]).toMatchObject({ agent: 'athena', door: 'stdio' });
    },
  );

  test('of 2026-07-28 needs no handshake', async () => {
    const connection = await door.dial();
    await connection.greet();
    connection.send(stateless(1, 'tools/call', callOf('demo__echo', { text: 'hello' })));
    expect(await connection.line(1)).toMatchObject({ id: 1, result: { structuredContent: { agent: 'athena' } } });
    expect(door.dispatcher.requests[0]).toMatchObject({ agent: 'athena', door: 'stdio' });
  });

  test('is open after server/discover: a client may still begin a session', async () => {
    const connection = await door.dial();
    await connection.greet();
    connection.send(stateless(1, 'server/discover'));
    expect(await connection.line(1)).toMatchObject({ id: 1, result: { supportedVersions: ['2026-07-28'] } });
    connection.send(initialize('2025-06-18'));
    expect(await connection.line(2)).toMatchObject({ id: 'init', result: { protocolVersion: '2025-06-18' } });
  });

  test('of an unknown version is refused with the ones there are, and the connection goes on', async () => {
    const connection = await door.dial();
    await connection.greet();
    const { params, ...request } = stateless(1, 'tools/list');
    const _meta = { ...(params as { _meta: object })._meta, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' };
    connection.send({ ...request, params: { _meta } });
    expect((await connection.line(1))['error']).toMatchObject({ data: { supported: ['2026-07-28'] } });
    connection.send(stateless(2, 'tools/list'));
    expect(await connection.line(2)).toMatchObject({ id: 2, result: { tools: expect.any(Array) } });
  });
});

describe('a connection', () => {
  const open = async (agent = 'athena') => {
    const connection = await door.dial();
    await connection.greet(agent);
    return connection;
  };

  test('cancels a call that its client takes back, and answers it no more', async () => {
    const connection = await open();
    connection.send(stateless(1, 'tools/call', callOf('demo__wait')));
    await eventually(() => door.dispatcher.requests.length === 1);
    connection.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await eventually(() => door.dispatcher.cancelled.length === 1);
    connection.send(stateless(2, 'tools/list'));
    expect(await connection.line(1)).toMatchObject({ id: 2 });
  });

  test('cancels its calls when its input ends, answers the rest, and closes', async () => {
    const connection = await open();
    connection.send(stateless(1, 'tools/call', callOf('demo__wait')));
    connection.send(stateless(2, 'tools/list'));
    connection.socket.end();
    await connection.closed;
    expect(connection.lines.slice(1)).toMatchObject([{ id: 2, result: { tools: expect.any(Array) } }]);
    await eventually(() => door.dispatcher.cancelled.length === 1);
  });

  test('cancels its calls when it is lost', async () => {
    const connection = await open();
    connection.send(stateless(1, 'tools/call', callOf('demo__wait')));
    await eventually(() => door.dispatcher.requests.length === 1);
    connection.socket.destroy();
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect(door.dispatcher.cancelled).toHaveLength(1);
  });

  test("is nobody else's: ids of one say nothing on another", async () => {
    const athena = await open('athena');
    const hermes = await open('hermes');
    athena.send(stateless(1, 'tools/call', callOf('demo__wait')));
    await eventually(() => door.dispatcher.requests.length === 1);
    hermes.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    hermes.send(stateless(1, 'tools/call', callOf('demo__text')));
    expect(await hermes.line(1)).toMatchObject({ id: 1, result: { isError: true } });
    expect(door.dispatcher.cancelled).toEqual([]);
    expect(athena.lines).toHaveLength(1);
  });

  test('is told of other tools in a session, from its initialized on', async () => {
    const connection = await open();
    connection.send(initialize('2025-06-18'));
    connection.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    await connection.line(1);
    door.policy.grant(agentName('athena'), new Set(['demo__text']));
    expect(await connection.line(2)).toMatchObject({ method: 'notifications/tools/list_changed' });
  });

  test('is told of other tools without a session once it listens', async () => {
    const connection = await open();
    connection.send(stateless('sub', 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
    expect(await connection.line(1)).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });
    door.policy.grant(agentName('athena'), new Set(['demo__text']));
    expect(await connection.line(2)).toMatchObject({
      method: 'notifications/tools/list_changed',
      params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 'sub' } },
    });
  });

  test('ends its subscriptions and itself when the door closes', async () => {
    const connection = await open();
    connection.send(stateless('sub', 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
    await connection.line(1);
    await door.door.close();
    await connection.closed;
    expect(connection.lines.at(-1)).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
  });
});

describe('the door', () => {
  test('knows when nobody is connected any more', async () => {
    const first = await door.dial();
    const second = await door.dial();
    await first.greet();
    let isUnused = false;
    const unused = door.door.whenUnused().then(() => {
      isUnused = true;
    });
    first.socket.destroy();
    await first.closed;
    // The server has seen it close before this.
    await second.greet();
    expect(isUnused).toBe(false);
    second.socket.destroy();
    await unused;
    expect(isUnused).toBe(true);
    await door.door.whenUnused();
  });

  test('has a socket that only its owner can open, whatever the mask of the process', async () => {
    const mask = process.umask(0);
    const other = createSocketDoor();
    try {
      await other.door.listen();
      expect(lstatSync(other.socket).mode & 0o777).toBe(0o600);
      expect(process.umask()).toBe(0);
    } finally {
      process.umask(mask);
      await other.remove();
    }
  });

  test('takes the place of a socket that a crash left, and leaves none itself', async () => {
    const stale = createSocketDoor();
    const crashed = createServer().listen(stale.socket);
    await new Promise((resolve) => crashed.once('listening', resolve));
    // Out of the way while it closes, which would remove it.
    renameSync(stale.socket, `${stale.socket}.kept`);
    await new Promise((resolve) => crashed.close(resolve));
    renameSync(`${stale.socket}.kept`, stale.socket);
    await expect(stale.dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await stale.door.listen();
    const connection = await stale.dial();
    expect(await connection.greet()).toMatchObject({ agent: 'athena' });
    expect(await stale.remove()).toBe(false);
  });

  test.each([
    ['a symbolic link', (socket: string) => symlinkSync('/tmp/elsewhere.sock', socket), 'is a symbolic link'],
    ['a file', (socket: string) => writeFileSync(socket, 'mine'), 'is no socket'],
  ])('refuses %s in the place of the socket', async (_what, put, message) => {
    const other = createSocketDoor();
    put(other.socket);
    await expect(other.door.listen()).rejects.toMatchObject({
      code: 'HOME_UNSAFE',
      message: expect.stringContaining(message),
    });
    await other.remove();
  });

  test('has a socket in a home whose path is longer than a socket may have', async () => {
    const home = join(door.home, 'x'.repeat(120));
    mkdirSync(home);
    const other = createSocketDoor({ socket: join(home, 'agents.sock') });
    await other.door.listen();
    expect(lstatSync(other.socket).isSocket()).toBe(true);
    expect(await other.remove()).toBe(false);
  });
});
