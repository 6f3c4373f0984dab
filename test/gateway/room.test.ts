import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { boundConnections } from '#gateway/connections.ts';
import { createReceiving } from '#gateway/receiving.ts';

describe('room for connections', () => {
  const server = createServer((_request, response) => response.end('ok'));
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test('is taken from the oldest that showed no good token, never from one that did', async () => {
    const { trust } = boundConnections(server, 3);
    server.on('request', ({ socket }) => trust(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const closed: number[] = [];
    const open = async (index: number) => {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      socket.on('close', () => closed.push(index)).on('error', () => {});
      await once(socket, 'connect');
      return socket;
    };
    const trusted = await open(0);
    trusted.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(trusted, 'data');
    for (const index of [1, 2, 3, 4]) await open(index);
    await expect.poll(() => closed).toEqual([1, 2]);
    const answer = request({ port, host: '127.0.0.1', agent: false }).end();
    const [response] = await once(answer, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
  });
});

describe('room for bodies', () => {
  const full = String(LIMITS.bodyBytesMax);
  const refused = expect.objectContaining({ code: 'QUEUE_FULL' });

  test('is bounded for each caller, while others still send', () => {
    const { reserve } = createReceiving();
    const count = LIMITS.receivingPerCallerBytesMax / LIMITS.bodyBytesMax;
    const held = Array.from({ length: count }, () => reserve('a', full));
    expect(() => reserve('a', '1')).toThrow(refused);
    expect(() => reserve('b', full)).not.toThrow();
    held[0]?.();
    expect(() => reserve('a', full)).not.toThrow();
  });

  test('is bounded in all, and given back once', () => {
    const { reserve } = createReceiving();
    const count = LIMITS.receivingBytesMax / LIMITS.bodyBytesMax;
    const held = Array.from({ length: count }, (_, index) => reserve(`caller ${index}`, full));
    expect(() => reserve('one more', '1')).toThrow(refused);
    held[0]?.();
    held[0]?.();
    reserve('one more', full);
    expect(() => reserve('and one more', '1')).toThrow(refused);
  });

  test.each([undefined, 'a lot', '-1', String(2 ** 53)])(
    'counts a length of %s as no less than it may be',
    (length) => {
      const { reserve } = createReceiving();
      const count = LIMITS.receivingPerCallerBytesMax / LIMITS.bodyBytesMax;
      for (let index = 0; index < count; index += 1) reserve('a', length === '-1' ? full : length);
      expect(() => reserve('a', full)).toThrow(refused);
    },
  );
});
