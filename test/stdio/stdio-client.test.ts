// The client's side of `smcp stdio`: what is read when, what waits, and what is answered here.

import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { Message, Upstream } from '#cli/stdio-client.ts';
import { eventually } from '#test/gateway/http.ts';
import { initialize, rpc } from './door.ts';
import { createPipedClient } from './piped-client.ts';

/** A server that keeps what it gets. */
function fakeUpstream() {
  const got: Message['value'][] = [];
  const state = { isPaused: false };
  const upstream = {
    send: ({ value }) => void got.push(value),
    pause: () => {
      state.isPaused = true;
    },
    resume: () => {
      state.isPaused = false;
    },
  } satisfies Upstream;
  return { ...upstream, got, state };
}

const gone = () => new SmcpError('INTERRUPTED', 'gone');
const cancelled = (requestId: unknown) => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId },
});

describe('the client of a stdio process', () => {
  test('is not read before there is a server, then in order', async () => {
    const piped = createPipedClient();
    piped.send(rpc(1, 'a'));
    piped.stdin.write('broken\n');
    piped.send(rpc(2, 'b'));
    await tick();
    expect(piped.lines).toEqual([]);
    const upstream = fakeUpstream();
    piped.client.attach(upstream);
    await eventually(() => upstream.got.length === 2);
    expect(upstream.got.map(({ method }) => method)).toEqual(['a', 'b']);
    expect(piped.lines).toMatchObject([{ id: null, error: { code: -32700 } }]);
  });

  test('waits while there is no server, and loses nothing of what it wrote meanwhile', async () => {
    const piped = createPipedClient();
    const first = fakeUpstream();
    piped.client.attach({
      ...first,
      send: (message) => {
        first.send(message);
        piped.client.detach();
      },
    });
    const lines = [1, 2, 3].map((id) => `${JSON.stringify(rpc(id, 'm'))}\n`);
    piped.stdin.write(lines.join(''));
    await eventually(() => first.got.length === 1);
    piped.send(rpc(4, 'm'));
    const second = fakeUpstream();
    piped.client.attach(second);
    await eventually(() => second.got.length === 3);
    expect(second.got.map(({ id }) => id)).toEqual([2, 3, 4]);
  });

  test('is answered for every request under way when its server is lost, once', async () => {
    const piped = createPipedClient();
    const upstream = fakeUpstream();
    piped.client.attach(upstream);
    for (const id of [1, 'two', 3, 4]) piped.send(rpc(id, 'm'));
    piped.send(cancelled(3));
    await eventually(() => upstream.got.length === 5);
    piped.client.deliver({ jsonrpc: '2.0', id: 1, result: {} }, '{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(piped.client.failAll(gone())).toBe(2);
    expect(piped.client.failAll(gone())).toBe(0);
    await eventually(() => piped.lines.length === 3);
    expect(piped.lines.map(({ id, error }) => [id, error !== undefined])).toEqual([
      [1, false],
      ['two', true],
      [4, true],
    ]);
  });

  test('takes nothing back that is over: a new server would take it for a beginning', async () => {
    const piped = createPipedClient();
    const upstream = fakeUpstream();
    piped.client.attach(upstream);
    piped.send(cancelled(1));
    piped.send({ jsonrpc: '2.0', method: 'notifications/cancelled' });
    piped.send(rpc(1, 'm'));
    await eventually(() => upstream.got.length === 1);
    expect(upstream.got[0]).toMatchObject({ id: 1 });
  });

  test('can not use an id twice at once', async () => {
    const piped = createPipedClient();
    const upstream = fakeUpstream();
    piped.client.attach(upstream);
    piped.send(rpc(1, 'a'));
    piped.send(rpc(1, 'b'));
    expect(await piped.find(({ error }) => error !== undefined)).toMatchObject({ id: null });
    expect(upstream.got).toHaveLength(1);
    expect(piped.client.isWaiting(1)).toBe(true);
  });

  test('has begun a session only once its initialize was answered with success', async () => {
    const piped = createPipedClient();
    const upstream = fakeUpstream();
    piped.client.attach(upstream);
    piped.send(initialize('2025-06-18', 1));
    await eventually(() => upstream.got.length === 1);
    piped.client.deliver({ id: 1, error: {} }, '{}');
    expect(piped.client.handshake()).toBeUndefined();
    piped.send(initialize('2025-06-18', 2));
    await eventually(() => upstream.got.length === 2);
    piped.client.deliver({ id: 2, result: {} }, '{}');
    expect(piped.client.handshake()).toMatchObject({ initialize: { id: 2 }, isInitialized: false });
    piped.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    await eventually(() => upstream.got.length === 3);
    expect(piped.client.handshake()).toMatchObject({ isInitialized: true });
  });

  test('holds its server up while it does not read, and no longer', async () => {
    const piped = createPipedClient();
    const upstream = fakeUpstream();
    piped.client.attach(upstream);
    piped.stdout.pause();
    const text = JSON.stringify({ jsonrpc: '2.0', method: 'm', params: { text: 'x'.repeat(100_000) } });
    piped.client.deliver({ method: 'm' }, text);
    expect(upstream.state.isPaused).toBe(true);
    piped.stdout.resume();
    await eventually(() => !upstream.state.isPaused);
    expect(piped.lines).toHaveLength(1);
  });

  test.each([
    ['its input ends', (piped: ReturnType<typeof createPipedClient>) => void piped.stdin.end()],
    ['its input breaks', (piped: ReturnType<typeof createPipedClient>) => void piped.stdin.destroy(new Error('x'))],
    ['nobody reads it', (piped: ReturnType<typeof createPipedClient>) => void piped.stdout.destroy(new Error('EPIPE'))],
  ])('is gone when %s, and what comes for it then is dropped', async (_what, leave) => {
    const piped = createPipedClient();
    piped.client.attach(fakeUpstream());
    leave(piped);
    await piped.client.ended;
    piped.client.deliver({ id: 1, result: {} }, '{}');
    expect(piped.client.failAll(gone())).toBe(0);
  });
});
