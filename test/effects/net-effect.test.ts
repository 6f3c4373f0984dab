import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createDial } from '#effects/net/dial.ts';
import { createNetEffect, type PrivateSpace } from '#effects/net/net-effect.ts';
import { CA, keepingLogger, names, PUBLIC, pointedAt, serve, type TestServer, targetOf } from './net-world.ts';

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function served(...args: Parameters<typeof serve>): Promise<TestServer> {
  const server = await serve(...args);
  open.push(server);
  return server;
}

/** A server that writes these bytes as its answer, and then does what `after` says. */
async function raw(
  bytes: string | Buffer,
  after: (socket: Socket) => void = (socket) => socket.end(),
): Promise<number> {
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        socket.write(bytes);
        after(socket);
      });
    open.push({ close: () => socket.destroy() });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

type Options = {
  readonly table?: Parameters<typeof names>[0];
  readonly space?: Partial<PrivateSpace>;
  readonly own?: boolean;
};

function effect({ table = { 'api.example.test': [[PUBLIC]] }, space = {} }: Options = {}) {
  const resolution = names(table);
  const { dial, dialled } = pointedAt();
  const logger = keepingLogger();
  const net = createNetEffect({ logger, names: resolution, dial }, { privateHosts: [], loopbackHosts: [], ...space });
  const controller = new AbortController();
  const request = (url: string, more: object = {}) =>
    net.request({
      ...{ agent: 'a', target: targetOf(url), method: 'GET', headers: {}, body: undefined },
      ...{ signal: controller.signal, ...more },
    });
  return { net, request, dialled, asked: resolution.asked, logger, controller };
}

const LOOPBACK = { space: { loopbackHosts: ['127.0.0.1'] } };
const text = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString('utf8');
const failed = (reason: string) => ({ code: 'FETCH_FAILED', details: { reason } });

describe('a request', () => {
  test('goes to an address that was vetted, with the name in TLS and in its head, on a connection of its own', async () => {
    const server = await served((_, response) => response.writeHead(201, { 'X-One': 'a' }).end('made'));
    const { request, dialled, asked } = effect();
    const url = `https://api.example.test:${server.port}/x?y=1`;
    const body = Buffer.from('{"a":1}');
    const answer = await request(url, { method: 'POST', headers: { 'x-key': 'k' }, body });
    expect([answer.status, text(answer)]).toEqual([201, 'made']);
    expect(answer.headers).toContainEqual(['x-one', 'a']);
    await request(url);
    expect(server.seen[0]).toEqual({
      ...{ method: 'POST', url: '/x?y=1', body: '{"a":1}' },
      headers: {
        ...{ host: `api.example.test:${server.port}`, connection: 'close', 'accept-encoding': 'identity' },
        ...{ accept: '*/*', 'user-agent': 'smcp', 'x-key': 'k', 'content-length': '7' },
      },
    });
    expect(dialled).toEqual(Array(2).fill({ address: PUBLIC, host: 'api.example.test', port: server.port }));
    expect(asked).toEqual(['api.example.test', 'api.example.test']);
    expect(server.connections()).toBe(2);
  });

  test('finds no server whose certificate is for another name, or signed by nobody that is trusted', async () => {
    const server = await served((_, response) => response.end('x'));
    const { request } = effect({ table: { 'evil.example.test': [[PUBLIC]] } });
    await expect(request(`https://evil.example.test:${server.port}/`)).rejects.toMatchObject(failed('tls'));
    const untrusted = createDial()({
      ...{ address: '127.0.0.1', host: 'api.example.test', port: server.port, isPlain: false },
      signal: new AbortController().signal,
    });
    await expect(untrusted).rejects.toMatchObject(failed('tls'));
    expect(server.seen).toEqual([]);
    // The same server, asked by its name and with its authority, answers.
    const socket = await createDial({ ca: CA })({
      ...{ address: '127.0.0.1', host: 'api.example.test', port: server.port, isPlain: false },
      signal: new AbortController().signal,
    });
    socket.destroy();
  });

  test('believes the certificate no more when the environment says to believe all', async () => {
    const server = await served((_, response) => response.end('x'));
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const { request } = effect({ table: { 'evil.example.test': [[PUBLIC]] } });
      await expect(request(`https://evil.example.test:${server.port}/`)).rejects.toMatchObject(failed('tls'));
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  test('takes the next address where nobody is at the first', async () => {
    const server = await served((_, response) => response.end('here'), { isPlain: true });
    const { request, dialled } = effect({
      table: { 'lab.test': [['127.0.0.2', '127.0.0.1']] },
      space: { loopbackHosts: ['lab.test'] },
    });
    expect(text(await request(`http://lab.test:${server.port}/`))).toBe('here');
    expect(dialled.map(({ address }) => address)).toEqual(['127.0.0.2', '127.0.0.1']);
  });

  test('fails where the name leads nowhere, and where nobody listens', async () => {
    const { request } = effect({ table: { 'api.example.test': [[PUBLIC]] } });
    await expect(request('https://api.example.test:9/')).rejects.toMatchObject(failed('connect'));
    await expect(effect().request('https://none.example.test/')).rejects.toMatchObject(failed('name'));
  });
});

describe('a name that leads to an address which may not be reached', () => {
  const NEVER = ['169.254.169.254', '::ffff:127.0.0.1', '64:ff9b::7f00:1', 'fe80::1', '0.0.0.0', 'nonsense'];
  test.each([...NEVER, '127.0.0.1', '::1', '10.0.0.1', 'fd12::1', '100.64.0.1'])(
    '%s: nobody is dialled',
    async (bad) => {
      for (const list of [[bad], [PUBLIC, bad], [bad, PUBLIC]]) {
        const { request, dialled, logger } = effect({ table: { 'api.example.test': [list] } });
        const error = await request('https://api.example.test/').catch((thrown) => thrown);
        expect(error).toMatchObject({ code: 'CAPABILITY_DENIED', details: { capability: 'net' } });
        expect(dialled).toEqual([]);
        expect(JSON.stringify(error.toWire())).not.toContain(bad);
        expect(logger.lines[0]?.fields).toMatchObject({ address: bad });
      }
    },
  );

  test.each(NEVER)('%s: no configuration opens it', async (bad) => {
    const space = { privateHosts: ['api.example.test'], loopbackHosts: ['api.example.test'] };
    const { request, dialled } = effect({ table: { 'api.example.test': [[bad]] }, space });
    await expect(request('https://api.example.test/')).rejects.toMatchObject({ code: 'CAPABILITY_DENIED' });
    expect(dialled).toEqual([]);
  });

  test.each<[string, Partial<PrivateSpace>, string]>([
    ['10.0.0.1', { loopbackHosts: ['api.example.test'] }, 'net.privateHosts'],
    ['127.0.0.1', { privateHosts: ['api.example.test'] }, 'net.loopbackHosts'],
    ['127.0.0.1', { loopbackHosts: ['other.example.test'] }, 'net.loopbackHosts'],
  ])('%s, opened as %j: the refusal says which list would', async (address, space, list) => {
    const { request } = effect({ table: { 'api.example.test': [[address]] }, space });
    await expect(request('https://api.example.test/')).rejects.toMatchObject({
      details: { remedy: expect.stringContaining(list) },
    });
  });

  test('is vetted at each request: what it led to before is no pass', async () => {
    const server = await served((_, response) => response.end('public'));
    const { request, dialled, asked } = effect({ table: { 'api.example.test': [[PUBLIC], ['127.0.0.1']] } });
    const url = `https://api.example.test:${server.port}/`;
    expect(text(await request(url))).toBe('public');
    await expect(request(url)).rejects.toMatchObject({ code: 'CAPABILITY_DENIED' });
    expect([dialled.length, asked.length, server.seen.length]).toEqual([1, 2, 1]);
  });

  test('would be reached by a client that looks names up again to dial them', async () => {
    // Without the wall: the first answer is vetted, the second one dialled.
    const resolution = names({ 'api.example.test': [[PUBLIC], ['127.0.0.1']] });
    const server = await served((_, response) => response.end('inside'), { isPlain: true });
    const signal = new AbortController().signal;
    const [vetted] = await resolution.byServers('api.example.test', signal);
    const [dialled] = await resolution.byServers('api.example.test', signal);
    expect(vetted).toBe(PUBLIC);
    const answer = await fetch(`http://${dialled}:${server.port}/`);
    expect(await answer.text()).toBe('inside');
  });

  test('without TLS leads to nobody but listed hosts at private addresses', async () => {
    const space = { privateHosts: ['api.example.test'], loopbackHosts: ['127.0.0.1'] };
    const { request, dialled } = effect({ space });
    await expect(request('http://api.example.test/')).rejects.toMatchObject({
      ...{ code: 'CAPABILITY_DENIED', details: { remedy: 'ask for it by https' } },
    });
    expect(dialled).toEqual([]);
    const server = await served((_, response) => response.end('here'), { isPlain: true });
    expect(text(await request(`http://127.0.0.1:${server.port}/`))).toBe('here');
  });
});

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
      const port = await raw(bytes, (socket) => socket.on('close', closed.resolve));
      const { request, controller } = effect(LOOPBACK);
      const pending = request(`http://127.0.0.1:${port}/`);
      setTimeout(() => controller.abort(), 30);
      await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
      await closed.promise;
    }
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
