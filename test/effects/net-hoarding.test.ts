// A server that is asked for little and means to take much: of the host's memory, or of its one thread.

import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createDial } from '#effects/net/dial.ts';
import { createServers, effect, failed, LOOPBACK } from './net-on-trial.ts';

const servers = createServers();
afterEach(() => servers.close());

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures/net', name), 'utf8');

/** A body in chunks of so many bytes each, `extension` in the head of each. */
const inChunks = (bytes: number, each: number, extension = '') =>
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n' +
  `${each.toString(16)}${extension}\r\n${'a'.repeat(each)}\r\n`.repeat(bytes / each) +
  '0\r\n\r\n';

describe('a body in many pieces', () => {
  const ask = async (bytes: string) => {
    const port = await servers.raw(bytes);
    return effect(LOOPBACK).request(`http://127.0.0.1:${port}/`);
  };
  const tooLarge = { code: 'ANSWER_TOO_LARGE', details: { wireBytesMax: LIMITS.netAnswerWireBytesMax } };

  test('is taken whole, where its pieces are small and its bytes not many times those of the body', async () => {
    const { body } = await ask(inChunks(LIMITS.netAnswerBytesMax, 16));
    expect(Buffer.compare(body, Buffer.alloc(LIMITS.netAnswerBytesMax, 'a'))).toBe(0);
    expect((await ask(inChunks(200_000, 1))).body).toHaveLength(200_000);
  });

  test('of one byte each is refused, long before its end', async () => {
    await expect(ask(inChunks(LIMITS.netAnswerBytesMax, 1))).rejects.toMatchObject(tooLarge);
  });

  test('is refused where each piece has much beside it that is no body', async () => {
    await expect(ask(inChunks(1_000, 1, `;${'x'.repeat(15_000)}`))).rejects.toMatchObject(tooLarge);
  });

  test('is given as thousands of pieces, each in memory of its own, to one who keeps them as they come', async () => {
    const port = await servers.raw(inChunks(20_000, 1));
    const pieces = await new Promise<Buffer[]>((resolve, reject) => {
      const kept: Buffer[] = [];
      const request = plainRequest({ host: '127.0.0.1', port, agent: false }, (response) => {
        response.on('data', (piece: Buffer) => kept.push(piece)).on('end', () => resolve(kept));
      });
      request.on('error', reject).end();
    });
    expect(pieces).toHaveLength(20_000);
  });
});

describe('a server that agrees on keys by numbers of its own (DHE)', () => {
  /** The larger its prime, the longer both work: one of 10,000 bits takes a client more than half a second. */
  const costly = async () => {
    const refused: unknown[] = [];
    const server = createServer({
      ...{ key: fixture('rsa-key.pem'), cert: fixture('rsa.pem'), dhparam: 'auto' },
      ...{ ciphers: 'DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' },
    });
    server.on('tlsClientError', ({ code }: NodeJS.ErrnoException) => refused.push(code));
    server.on('secureConnection', (socket) => socket.on('error', () => undefined).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { port: (server.address() as AddressInfo).port, refused };
  };

  test('finds nobody who does that work for it', async () => {
    const { port, refused } = await costly();
    const dial = createDial({ ca: [fixture('rsa.pem')] });
    const { signal } = new AbortController();
    const dialled = dial({ address: '127.0.0.1', host: 'api.example.test', port, isPlain: false, signal });
    await expect(dialled).rejects.toMatchObject(failed('tls'));
    expect(refused).toEqual(['ERR_SSL_NO_SHARED_CIPHER']);
  });

  test('finds a client that takes what Node offers by default', async () => {
    const { port } = await costly();
    const cipher = await new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, servername: 'api.example.test', ca: fixture('rsa.pem') });
      socket.on('error', reject).on('secureConnect', () => {
        resolve(socket.getCipher().name);
        socket.destroy();
      });
    });
    expect(cipher).toMatch(/^DHE-/);
  });
});
