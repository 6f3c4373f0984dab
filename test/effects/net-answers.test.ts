import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { endedBy } from '#effects/net/failures.ts';
import { createNetEffect } from '#effects/net/net-effect.ts';
import type { NameResolution } from '#effects/net/resolve.ts';
import { createServers, effect, failed, LONG, LOOPBACK, text } from './net-on-trial.ts';
import { keepingLogger, pointedAt, targetOf } from './net-world.ts';

const servers = createServers();
const { raw } = servers;
afterEach(() => servers.close());

describe('an answer', () => {
  const ask = async (bytes: string | Buffer, after?: (socket: Socket) => void) => {
    const port = await raw(bytes, after);
    return effect(LOOPBACK).request(`http://127.0.0.1:${port}/`);
  };
  const OK = 'HTTP/1.1 200 OK\r\n';
  const huge = 'x'.repeat(LIMITS.netAnswerBytesMax + 1);

  test.each<[string, string | Buffer]>([
    ['is compressed', Buffer.concat([Buffer.from(`${OK}content-encoding: gzip\r\n\r\n`), gzipSync(Buffer.alloc(1e7))])],
    ['says that it is compressed by the connection', `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['is shorter than it says', `${OK}content-length: 10\r\n\r\nabc`],
    ['has two lengths', `${OK}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd`],
    ['has a length and chunks', `${OK}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['has broken chunks', `${OK}transfer-encoding: chunked\r\n\r\nzz\r\n`],
    ['has a NUL in its head', `${OK}a: b\0c\r\n\r\n`],
    ['switches to another protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['has a status that is none', 'HTTP/1.1 999 No\r\n\r\n'],
    ['says again and again that it will come', 'HTTP/1.1 103 Early\r\n\r\n'.repeat(20)],
    ['never begins', ''],
  ])('that %s is none', async (_, bytes) => {
    await expect(ask(bytes)).rejects.toMatchObject(failed('answer'));
  });

  test.each<[string, string]>([
    ['announced', `${OK}content-length: ${huge.length}\r\n\r\n`],
    ['sent', `${OK}\r\n${huge}`],
    ['sent in chunks', `${OK}transfer-encoding: chunked\r\n\r\n${huge.length.toString(16)}\r\n${huge}\r\n0\r\n\r\n`],
    ['in one header', `${OK}a: ${'x'.repeat(LIMITS.netAnswerHeaderBytesMax)}\r\n\r\n`],
    ['in many headers', `${OK}${'a:\r\n'.repeat(LIMITS.netAnswerHeadersMax + 1)}\r\n`],
  ])('that is too large is refused: %s', async (_, bytes) => {
    await expect(ask(bytes, () => undefined)).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE' });
  });

  test('as large as it may be is taken whole', async () => {
    const whole = huge.slice(1);
    expect((await ask(`${OK}content-length: ${whole.length}\r\n\r\n${whole}`)).body).toHaveLength(whole.length);
  });

  test('after one that only announces it is taken', async () => {
    expect(text(await ask(`HTTP/1.1 103 Early\r\n\r\n${OK}\r\nhere`))).toBe('here');
  });

  test('that does not come ends with the call, at once and with the connection', async () => {
    for (const bytes of ['', OK, `${OK}content-length: 5\r\n\r\nabc`]) {
      const closed = Promise.withResolvers<void>();
      const { request, controller } = effect(LOOPBACK);
      const port = await raw(bytes, (socket) => {
        socket.on('close', closed.resolve);
        setTimeout(() => controller.abort(), 30);
      });
      const pending = request(`http://127.0.0.1:${port}/`);
      await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
      await closed.promise;
    }
  });
});

describe('a server that is slow', () => {
  const drip = (bytes: string) =>
    raw(bytes, (socket) => {
      const timer = setInterval(() => socket.write('x'), 5);
      socket.on('close', () => clearInterval(timer));
    });

  test('with the head of its answer is waited for so long, and the connection ended', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await raw('', (socket) => socket.on('close', closed.resolve));
    const { request } = effect({ ...LOOPBACK, times: { firstByteMsMax: 20 } });
    await expect(request(`http://127.0.0.1:${port}/`)).rejects.toMatchObject(failed('timeout'));
    await closed.promise;
  });

  test.each(['', 'HTTP/1.1 200 OK\r\na: ', 'HTTP/1.1 200 OK\r\n\r\n'])(
    'is given up, though something comes again and again: after %j',
    async (bytes) => {
      const { request } = effect({ ...LOOPBACK, times: bytes === '' ? {} : { requestMsMax: 100 } });
      const error = await request(`http://127.0.0.1:${await drip(bytes)}/`).catch((thrown) => thrown);
      // What drips before any head is no HTTP either.
      expect(error).toMatchObject(failed(bytes === '' ? 'answer' : 'timeout'));
    },
  );

  test('to say where a name leads is given up', async () => {
    const never: NameResolution['byServers'] = (_, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(endedBy(signal, () => new SmcpError('INTERNAL', 'x')))),
      );
    const net = createNetEffect({
      ...{ logger: keepingLogger(), names: { byServers: never, bySystem: never }, dial: pointedAt().dial },
      times: { ...LONG, resolveMsMax: 20 },
    });
    const asked = net.request({
      ...{
        agent: 'a',
        target: targetOf('https://api.example.test/'),
        method: 'GET',
        headers: {},
        body: undefined,
        roomBytes: 0,
      },
      signal: new AbortController().signal,
    });
    await expect(asked).rejects.toMatchObject(failed('timeout'));
  });
});

describe('places', () => {
  test('one agent has so many at once, and others have theirs', async () => {
    const port = await raw('', () => undefined);
    const { request, controller } = effect(LOOPBACK);
    const url = `http://127.0.0.1:${port}/`;
    const held = Array.from({ length: LIMITS.netAtOncePerAgentMax }, () => request(url));
    const settled = Promise.allSettled(held);
    await expect(request(url)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    const other = request(url, { agent: 'b' });
    controller.abort();
    await expect(other).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await settled).map(({ status }) => status)).toEqual(held.map(() => 'rejected'));
    // All places are free again.
    const { signal } = new AbortController();
    const quick = await raw('HTTP/1.1 200 OK\r\n\r\n');
    expect((await request(`http://127.0.0.1:${quick}/`, { signal })).status).toBe(200);
  });

  test('one host has so many at once, whoever asks', async () => {
    const port = await raw('', () => undefined);
    const { request, controller } = effect(LOOPBACK);
    const url = `http://127.0.0.1:${port}/`;
    const held = Array.from({ length: LIMITS.netAtOncePerHostMax }, (_, at) => request(url, { agent: `a${at}` }));
    const settled = Promise.allSettled(held);
    await expect(request(url, { agent: 'late' })).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    controller.abort();
    await settled;
  });
});
