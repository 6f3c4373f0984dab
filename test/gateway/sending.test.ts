// Readers that never read: what waits for them is bounded on each connection, for each caller and in all, and in time.

import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { createSending } from '#gateway/sending.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import { eventually, openStream, type RawRequest, send, stateless } from './http.ts';

const MIB = 2 ** 20;

/** A request as text, to be written on a connection by hand. */
function textOf({ method, path, headers, body }: RawRequest): string {
  const all = { host: 'localhost', ...headers, 'content-length': Buffer.byteLength(String(body)) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${String(body)}`;
}

const callOf = (name: string, args: object) => textOf(stateless('tools/call', { name, arguments: args }));

describe('a client that never reads', () => {
  let door: TestDoor;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    door = await openDoor();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await door.gateway.close();
  });

  /** Writes and never reads. */
  const deaf = (text: string) => {
    const socket = connect(door.port, '127.0.0.1', () => socket.write(text));
    socket.pause().on('error', () => {});
    sockets.push(socket);
    return socket;
  };
  /** Who does not read learns of it by writing. */
  const isCut = async (socket: Socket) => {
    while (!socket.destroyed) {
      socket.write('\r\n');
      await sleep(10);
    }
  };

  test('and asks for answer after answer loses its connection, and the calls on it', async () => {
    const answer = callOf('demo__text', { length: MIB });
    const socket = deaf(callOf('demo__text', { length: 4 * MIB }) + answer.repeat(20) + callOf('demo__wait', {}));
    await isCut(socket);
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect((await send(door.url, stateless('tools/call', { name: 'demo__echo', arguments: {} }))).status).toBe(200);
  });

  test('loses the call whose progress it does not read', async () => {
    const token = { _meta: { progressToken: 't' } };
    const args = { total: 100_000, length: 200_000 };
    const socket = deaf(textOf(stateless('tools/call', { name: 'demo__count', arguments: args, ...token })));
    await isCut(socket);
    await eventually(() => door.dispatcher.requests[0]?.signal?.aborted === true);
    expect(socket.destroyed).toBe(true);
  });

  test('that reads in the end gets one large answer whole', async () => {
    const { text } = await send(
      door.url,
      stateless('tools/call', { name: 'demo__text', arguments: { length: 20 * MIB } }),
    );
    expect(text.length).toBeGreaterThan(20 * MIB);
  });

  test('and the stream of a session are apart: one that reads keeps its own', async () => {
    const stream = await openStream(door.url);
    const answer = callOf('demo__text', { length: MIB });
    await isCut(deaf(callOf('demo__text', { length: 4 * MIB }) + answer.repeat(20)));
    await stream.until(1);
    expect(stream.events[0]?.event).toBe('endpoint');
    stream.cut();
  });
});

describe('what waits for readers', () => {
  const takesNothing = () => {
    const socket = new Duplex({ read: () => {}, write: () => {} }) as Socket;
    socket.write('x');
    return socket;
  };
  const idle = () => new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() }) as Socket;
  let nowMs = 0;
  const open = () => createSending({ clock: { ...systemClock, monotonicMs: () => nowMs } });

  beforeEach(() => {
    nowMs = 0;
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const after = (ms: number) => {
    nowMs += ms;
    vi.advanceTimersByTime(ms);
  };

  test('on one connection is at most streamBufferBytesMax, unless it is one answer', () => {
    const sending = open();
    const [one, many] = [takesNothing(), takesNothing()];
    expect(sending.hold(one, 10 * LIMITS.streamBufferBytesMax)).toBeDefined();
    expect(sending.hold(many, LIMITS.streamBufferBytesMax)).toBeDefined();
    expect(sending.hold(many, 1)).toBeUndefined();
    expect([one.destroyed, many.destroyed]).toEqual([false, true]);
    expect(sending.hold(many, 1)).toBeUndefined();
  });

  test('of one caller costs that caller the connections on which it waited longest, and nobody else', () => {
    const sending = open();
    const other = takesNothing();
    sending.belongsTo(other, 'agent b');
    sending.hold(other, LIMITS.streamBufferBytesMax);
    const count = LIMITS.sendingPerCallerBytesMax / LIMITS.streamBufferBytesMax;
    const own = Array.from({ length: count + 2 }, takesNothing);
    for (const socket of own) {
      sending.belongsTo(socket, 'agent a');
      sending.hold(socket, LIMITS.streamBufferBytesMax);
    }
    expect(own.map(({ destroyed }) => destroyed)).toEqual(own.map((_, index) => index < 2));
    expect(other.destroyed).toBe(false);
  });

  test('in all is bounded, whoever is meant', () => {
    const sending = open();
    const count = LIMITS.sendingBytesMax / LIMITS.streamBufferBytesMax;
    const sockets = Array.from({ length: count + 1 }, takesNothing);
    for (const [index, socket] of sockets.entries()) {
      sending.belongsTo(socket, `agent a${index}`);
      sending.hold(socket, LIMITS.streamBufferBytesMax);
    }
    expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([sockets[0]]);
  });

  test('is given back when it was taken, and when the connection closes', async () => {
    const sending = open();
    for (let round = 0; round < 3 * (LIMITS.sendingPerCallerBytesMax / LIMITS.streamBufferBytesMax); round++) {
      const [taken, closed] = [takesNothing(), takesNothing()];
      for (const socket of [taken, closed]) sending.belongsTo(socket, 'agent a');
      sending.hold(taken, LIMITS.streamBufferBytesMax)?.();
      sending.hold(closed, LIMITS.streamBufferBytesMax);
      closed.destroy();
      await new Promise((resolve) => setImmediate(resolve));
      expect(taken.destroyed).toBe(false);
    }
  });

  test('has sendingMsMax to be taken; then the connection is cut', () => {
    const sending = open();
    const [slow, quick, later] = [takesNothing(), takesNothing(), takesNothing()];
    sending.hold(slow, 1);
    const taken = sending.hold(quick, 1);
    after(LIMITS.sendingMsMax / 2);
    taken?.();
    sending.hold(quick, 1);
    sending.hold(later, 1);
    after(LIMITS.sendingMsMax / 2 - 1);
    expect([slow.destroyed, quick.destroyed, later.destroyed]).toEqual([false, false, false]);
    after(LIMITS.sendingSweepMs + 1);
    expect([slow.destroyed, quick.destroyed, later.destroyed]).toEqual([true, false, false]);
    after(LIMITS.sendingMsMax);
    expect([quick.destroyed, later.destroyed, vi.getTimerCount()]).toEqual([true, true, 0]);
  });

  test('for another answer, and not for the reader, waits as long as that takes', () => {
    const sending = open();
    const socket = idle();
    sending.hold(socket, 1);
    after(10 * LIMITS.sendingMsMax);
    expect(socket.destroyed).toBe(false);
    sending.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
