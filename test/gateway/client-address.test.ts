// Where a request came from: the socket says it, and a header only as far as proxies that a person named have written it.

import { afterEach, describe, expect, test } from 'vitest';
import type { HttpRoute } from '#domain/door-ports.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import { BEARER, errorCode, send } from './http.ts';

let door: TestDoor | undefined;
afterEach(() => door?.gateway.close());

/** Answers with the address that the route was told. */
const echo: HttpRoute = {
  method: 'GET',
  path: '/where',
  access: 'anyone',
  handle: ({ address }) => ({ status: 200, body: address, contentType: 'text/plain' }),
};

/** All tests come from 127.0.0.1: it is a proxy's address where `trustProxy` has it. */
async function addressOf(trustProxy: readonly string[] | undefined, forwarded?: string | readonly string[]) {
  await door?.gateway.close();
  door = await openDoor({ routes: [echo], ...(trustProxy === undefined ? {} : { trustProxy }) });
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded as string };
  return (await send(door.url, { path: '/where', headers })).text;
}

describe('a client that says where it is', () => {
  test.each<[string, readonly string[] | undefined]>([
    ['no proxy is named', undefined],
    ['none is in the list', []],
    ['another address is named', ['10.0.0.1', '192.168.0.0/16', '2001:db8::/32']],
    ['only IPv6 of this machine is named', ['::1']],
  ])('is not believed where %s', async (_, proxies) => {
    expect(await addressOf(proxies, '203.0.113.9')).toBe('127.0.0.1');
    expect(await addressOf(proxies, ['203.0.113.9', '127.0.0.1'])).toBe('127.0.0.1');
  });

  test('is believed where a proxy of that address, or network, is named: the control', async () => {
    expect(await addressOf(['127.0.0.1'], '203.0.113.9')).toBe('203.0.113.9');
    expect(await addressOf(['127.0.0.0/8'], '2001:db8::7')).toBe('2001:db8::7');
    expect(await addressOf(['127.0.0.1'])).toBe('127.0.0.1');
  });

  test('is believed no further than the proxies passed it on: what it wrote itself is in front of that', async () => {
    expect(await addressOf(['127.0.0.1'], '10.9.9.9, 203.0.113.9')).toBe('203.0.113.9');
    expect(await addressOf(['127.0.0.1'], ['10.9.9.9', '203.0.113.9'])).toBe('203.0.113.9');
    expect(await addressOf(['127.0.0.1'], '127.0.0.1, 203.0.113.9')).toBe('203.0.113.9');
    // Two proxies, one behind the other.
    expect(await addressOf(['127.0.0.1', '10.0.0.0/8'], '192.0.2.1, 203.0.113.9, 10.1.2.3')).toBe('203.0.113.9');
  });

  test.each([
    'unknown',
    '203.0.113.9:4711',
    '_hidden',
    '',
    ' , ,',
    '"203.0.113.9"',
    '1e3',
    '999.1.1.1',
    'x'.repeat(4_000),
  ])('and says %j counts as the proxy', async (text) => {
    expect(await addressOf(['127.0.0.1'], text)).toBe('127.0.0.1');
  });

  test.each(['forwarded', 'x-real-ip', 'client-ip', 'x-client-ip', 'cf-connecting-ip', 'true-client-ip'])(
    'by %s is not read, of a proxy neither',
    async (name) => {
      door = await openDoor({ routes: [echo], trustProxy: ['127.0.0.1'] });
      const headers = { [name]: name === 'forwarded' ? 'for=203.0.113.9' : '203.0.113.9' };
      expect((await send(door.url, { path: '/where', headers })).text).toBe('127.0.0.1');
    },
  );
});

test('a proxy has no say in which host was asked for, nor in who asks', async () => {
  door = await openDoor({ routes: [echo], trustProxy: ['127.0.0.1'] });
  const forwarded = { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' };
  const rebound = { ...forwarded, host: 'evil.example', 'x-forwarded-host': '127.0.0.1' };
  const refused = await send(door.url, { path: '/where', headers: rebound });
  expect([refused.status, errorCode(refused)]).toEqual([403, 'HOST_REFUSED']);
  const origin = { ...forwarded, origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' };
  const crossed = await send(door.url, { path: '/where', headers: { ...origin, ...BEARER } });
  expect(errorCode(crossed)).toBe('ORIGIN_REFUSED');
  expect((await send(door.url, { path: '/mcp', headers: forwarded })).status).toBe(401);
});
