// What a hostile or broken process does with the socket of the home, and that the next one is served all the same.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { eventually, kernelHoldsLocalBytesMax } from '#test/gateway/http.ts';
import { initialize, openSocketDoor, type RawConnection, rpc, stateless, type TestSocketDoor } from './door.ts';

let door: TestSocketDoor;
beforeEach(async () => {
  door = await openSocketDoor();
});
afterEach(() => door.remove());

const open = async (agent = 'athena'): Promise<RawConnection> => {
  const connection = await door.dial();
  await connection.greet(agent);
  return connection;
};
const echo = (id: unknown) => stateless(id, 'tools/call', { name: 'demo__echo', arguments: {} });
const wait = (id: unknown) => stateless(id, 'tools/call', { name: 'demo__wait', arguments: {} });

/** That this connection still works. */
async function expectServed(connection: RawConnection): Promise<void> {
  const index = connection.lines.length;
  connection.send(echo('still'));
  expect(await connection.line(index)).toMatchObject({
    id: 'still',
    result: { structuredContent: { agent: 'athena' } },
  });
}

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('a line that is no message', () => {
  test.each([
    ['text', 'hello', -32700, null],
    ['a broken object', '{"jsonrpc":"2.0","id":1,', -32700, null],
    ['JSON too deep', `{"jsonrpc":"2.0","id":1,"method":"x","params":${deep(LIMITS.jsonDepthMax + 1)}}`, -32700, null],
    ['JSON of many values', `[${'0,'.repeat(LIMITS.jsonValuesMax + 1)}0]`, -32700, null],
    ['a key that reaches prototypes', '{"jsonrpc":"2.0","id":1,"method":"x","params":{"__proto__":{}}}', -32700, null],
    ['a number out of range', '{"jsonrpc":"2.0","id":1,"method":"x","params":{"n":1e999}}', -32700, null],
    ['a batch', JSON.stringify([echo(1)]), -32600, null],
    ['null', 'null', -32600, null],
    ['a number', '1', -32600, null],
    ['another version of JSON-RPC', '{"jsonrpc":"1.0","id":7,"method":"ping"}', -32600, 7],
    ['no version', '{"id":"seven","method":"ping"}', -32600, 'seven'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, null],
    ['params that are no object', '{"jsonrpc":"2.0","id":7,"method":"ping","params":5}', -32600, 7],
  ])('is answered and ends nothing: %s', async (_what, line, code, id) => {
    const connection = await open();
    connection.write(`${line}\n`);
    expect(await connection.line(1)).toMatchObject({ id, error: { code, data: { code: 'REQUEST_INVALID' } } });
    await expectServed(connection);
    expect(door.dispatcher.requests).toHaveLength(1);
  });

  test.each([
    ['half a character', Uint8Array.of(0x22, 0xc3, 0x22, 0x0a)],
    ['an overlong slash', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22, 0x0a)],
    ['half a surrogate pair', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22, 0x0a)],
    ['zeros', Uint8Array.of(0, 0, 0, 0x0a)],
  ])('is answered where it is no UTF-8: %s', async (_what, bytes) => {
    const connection = await open();
    connection.write(bytes);
    expect(await connection.line(1)).toMatchObject({ id: null, error: { code: -32700 } });
    await expectServed(connection);
  });

  test('is answered once where it is longer than a message may be, however it comes', async () => {
    const connection = await open();
    const part = Buffer.alloc(64 * 1024, 'x');
    for (let sent = 0; sent <= 2 * LIMITS.bodyBytesMax; sent += part.length) connection.write(part);
    expect(await connection.line(1)).toMatchObject({ id: null, error: { data: { code: 'BODY_TOO_LARGE' } } });
    connection.write('\n');
    await expectServed(connection);
    expect(connection.lines).toHaveLength(3);
  });

  test('may be as long as a message may be', async () => {
    const connection = await open();
    const call = stateless(1, 'tools/call', { name: 'demo__echo', arguments: { text: '' } });
    const room = LIMITS.bodyBytesMax - JSON.stringify(call).length;
    const text = 'x'.repeat(room);
    connection.send(stateless(1, 'tools/call', { name: 'demo__echo', arguments: { text } }));
    expect(await connection.line(1)).toMatchObject({ id: 1, result: { structuredContent: { args: { text } } } });
  });

  test('is waited for without an end: other connections are served meanwhile', async () => {
    const slow = await open();
    slow.write('{"jsonrpc":"2.0","id":1,"me');
    await expectServed(await open());
    slow.write('thod":"ping"}\n');
    expect(await slow.line(1)).toMatchObject({ id: 1 });
  });
});

describe('a connection', () => {
  test('that says nothing is cut', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const silent = await door.dial();
      // Another one's first line shows that the server has taken the silent one in.
      await open();
      vi.advanceTimersByTime(LIMITS.stdioHelloMsMax);
      await silent.closed;
      expect(silent.lines).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('whose input ends before it said who it is is closed', async () => {
    const connection = await door.dial();
    connection.write('{"smcp":1,');
    connection.socket.end();
    await connection.closed;
    expect(connection.lines).toEqual([]);
  });

  test('of an agent that has as many as it may is refused, and another agent is not', async () => {
    const own: RawConnection[] = [];
    for (let count = 0; count < LIMITS.sessionsPerAgentMax; count += 1) own.push(await open());
    const next = await door.dial();
    expect((await next.greet())['error']).toMatchObject({ code: 'SESSION_LIMIT' });
    await next.closed;
    expect(await (await door.dial()).greet('hermes')).toMatchObject({ agent: 'hermes' });
    own[0]?.socket.destroy();
    await own[0]?.closed;
    let answer: { readonly [key: string]: unknown } = {};
    while (answer['agent'] === undefined) answer = await (await door.dial()).greet();
    expect(answer).toMatchObject({ agent: 'athena' });
  });

  test('has a bound of requests under way; those over it are refused by their id', async () => {
    const connection = await open();
    for (let id = 0; id < LIMITS.requestsPerSessionMax; id += 1) connection.send(wait(id));
    connection.send(wait('over'));
    expect(await connection.line(1)).toMatchObject({ id: 'over', error: { data: { code: 'QUEUE_FULL' } } });
    connection.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0 } });
    await eventually(() => door.dispatcher.cancelled.length === 1);
    connection.send(echo('again'));
    expect(await connection.line(2)).toMatchObject({ id: 'again' });
  });

  test('can not use an id twice at once: the first keeps it, the second is refused without it', async () => {
    const connection = await open();
    connection.send(wait(1));
    connection.send(echo(1));
    expect(await connection.line(1)).toMatchObject({ id: null, error: { data: { code: 'REQUEST_INVALID' } } });
    expect(door.dispatcher.requests.map(({ tool }) => tool)).toEqual(['demo__wait']);
  });

  test('that does not read is cut once too much waits for it, and its calls end', async () => {
    const connection = await open();
    connection.socket.pause();
    const length = 512 * 1024;
    connection.send(wait('waiting'));
    const count = 2 + Math.ceil((LIMITS.streamBufferBytesMax + kernelHoldsLocalBytesMax()) / length);
    for (let id = 0; id < count; id += 1) {
      connection.send(stateless(id, 'tools/call', { name: 'demo__text', arguments: { length } }));
    }
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect(door.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('too slowly') }),
    );
    await expectServed(await open());
  });

  test('that answers what nobody asked changes nothing', async () => {
    const connection = await open();
    connection.send({ jsonrpc: '2.0', id: 1, result: {} });
    connection.send({ jsonrpc: '2.0', id: 2, error: { code: 1, message: 'x' } });
    await expectServed(connection);
    expect(connection.lines).toHaveLength(2);
  });

  test('can not leave much behind by what it says of itself', async () => {
    const connection = await open();
    const name = 'x'.repeat(LIMITS.initializeLengthMax);
    const clientInfo = { name, version: '1' };
    connection.send(rpc(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }));
    expect(await connection.line(1)).toMatchObject({ id: 1, error: { data: { code: 'REQUEST_INVALID' } } });
  });

  test('in a session can not begin another one under another era', async () => {
    const connection = await open();
    connection.send(initialize('2025-06-18'));
    await connection.line(1);
    connection.send(stateless(1, 'server/discover'));
    expect(await connection.line(2)).toMatchObject({ id: 1, error: expect.any(Object) });
  });

  test('learns nothing of why a call broke', async () => {
    const connection = await open();
    connection.send(initialize('2025-06-18'));
    await connection.line(1);
    connection.send(rpc(1, 'tools/call', { name: 'demo__crash', arguments: {} }));
    expect(JSON.stringify(await connection.line(2))).not.toContain('secret');
  });
});
