import { afterEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createDial } from '#effects/net/dial.ts';
import type { PrivateSpace } from '#effects/net/net-effect.ts';
import { createServers, effect, failed, text } from './net-on-trial.ts';
import { CA, names, PUBLIC } from './net-world.ts';

const servers = createServers();
const { served } = servers;
afterEach(() => servers.close());

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

  test('and to more addresses than are looked at, is refused as a whole', async () => {
    const many = Array.from({ length: LIMITS.netAddressesMax + 1 }, () => PUBLIC);
    const { request, dialled } = effect({ table: { 'api.example.test': [many] } });
    await expect(request('https://api.example.test/')).rejects.toMatchObject({ code: 'CAPABILITY_DENIED' });
    expect(dialled).toEqual([]);
  });

  test('is dialled at few of its addresses, where nobody answers', async () => {
    const { request, dialled } = effect({
      table: { 'lab.test': [['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6', '127.0.0.7']] },
      space: { loopbackHosts: ['lab.test'] },
    });
    await expect(request('https://lab.test:9/')).rejects.toMatchObject(failed('connect'));
    expect(dialled).toHaveLength(LIMITS.netDialledMax);
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
