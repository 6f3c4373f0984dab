// Connections that are slow, half open or left behind, and what remains after close: nothing.

import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createDoor, openDoor } from './fakes.ts';
import { BEARER, eventually, JSON_TYPE, openStream, openStreamed, send, stateless } from './http.ts';
import { callOf, openSession } from './session.ts';

/** What would keep this process alive or hold something of the system: sockets, servers, timers, descriptors. */
function held() {
  const resources = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name));
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  return { resources: resources.length, descriptors };
}

describe('close', () => {
  test('leaves no socket, descriptor or timer behind and cancels what still runs', async () => {
    await (await openDoor()).gateway.close();
    await sleep(50);
    const before = held();
    const door = await openDoor();
    const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(door.url)));
    const session = await openSession(door.url);
    await openSession(door.url);
    const asked = stateless('subscriptions/listen', { notifications: { toolsListChanged: true } });
    streams.push(await session.listen(), await openStreamed(door.url, asked));
    const inSession = session.post(callOf(1, 'demo__wait')).catch((error) => error.code);
    const first = streams[0];
    await first?.until(1);
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'demo__wait' } };
    const path = first?.events[0]?.data ?? '';
    await send(door.url, { method: 'POST', path, headers: { ...BEARER, ...JSON_TYPE }, body: JSON.stringify(call) });
    const pending = send(door.url, stateless('tools/call', { name: 'demo__wait' })).catch((error) => error.code);
    const idle = connect(door.port, '127.0.0.1');
    idle.on('error', () => {});
    await eventually(() => door.dispatcher.requests.length === 3);
    await door.gateway.close();
    expect([await pending, await inSession]).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(new Set(await Promise.all(streams.map(({ closed }) => closed)))).toEqual(new Set([true]));
    await eventually(() => door.dispatcher.cancelled.length === 3);
    idle.destroy();
    await eventually(() => held().resources <= before.resources && held().descriptors <= before.descriptors);
    expect(held().descriptors).toBeLessThanOrEqual(before.descriptors);
    await expect(send(door.url, { path: '/healthz' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('lets an answer under way leave, in a session too', async () => {
    const door = await openDoor();
    const session = await openSession(door.url);
    const answers = [
      send(door.url, stateless('tools/call', { name: 'demo__count', arguments: { total: 2000 } })),
      session.post(callOf(1, 'demo__count', { total: 2000 })),
    ];
    await eventually(() => door.dispatcher.requests.length === 2);
    await door.gateway.close();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('a connection', () => {
  test.each(['destroy', 'end'] as const)('that its client closes (%s) takes its call with it', async (how) => {
    const door = await openDoor();
    const { method, path, headers, body } = stateless('tools/call', { name: 'demo__wait' });
    const lines = Object.entries({ host: 'localhost', ...headers, 'content-length': String(body).length });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const socket = connect(door.port, '127.0.0.1', () =>
      socket.write(`${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`),
    );
    socket.on('error', () => {});
    await eventually(() => door.dispatcher.requests.length === 1);
    // `end` closes one half: the client says that it sends no more, and is taken for gone.
    socket[how]();
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect((await send(door.url, { path: '/healthz' })).status).toBe(200);
    socket.destroy();
    await door.gateway.close();
  });

  test('of a stream that its client half closes is over', async () => {
    const door = await openDoor();
    const head = 'GET /sse HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer athena-token\r\n\r\n';
    for (let count = 0; count < LIMITS.sessionsPerAgentMax; count++) {
      const socket = connect(door.port, '127.0.0.1', () => socket.write(head));
      await new Promise((resolve) => socket.once('data', resolve));
      socket.end();
      socket.resume();
    }
    let status = 429;
    while (status === 429) {
      const stream = await openStream(door.url);
      status = stream.status;
    }
    expect(status).toBe(200);
    await door.gateway.close();
  });

  test('whose headers or body do not come is ended in time, and holds nobody up', async () => {
    const door = await openDoor();
    const sockets = ['', 'GET /sse HTTP/1.1\r\nhost: localhost\r\nauthoriz'].map((start) => {
      const socket = connect(door.port, '127.0.0.1', () => socket.write(start));
      return socket;
    });
    const ended = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve).resume())));
    expect((await send(door.url, { path: '/healthz' })).status).toBe(200);
    await ended;
    await door.gateway.close();
  });
});

test('listening on localhost is one server, that close ends whole', async () => {
  const door = await openDoor({ host: 'localhost' });
  expect(door.url).toBe(`http://localhost:${door.port}`);
  const pending = send(door.url, stateless('tools/call', { name: 'demo__wait' })).catch((error) => error.code);
  await eventually(() => door.dispatcher.requests.length === 1);
  await door.gateway.close();
  expect(await pending).toBe('ECONNRESET');
});

test('listening on a port that is taken says so and what to do', async () => {
  const door = await openDoor();
  const { gateway: second, listen } = createDoor({ port: door.port });
  await expect(listen()).rejects.toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    details: { remedy: expect.stringContaining('--port') },
  });
  await second.close();
  await door.gateway.close();
});
