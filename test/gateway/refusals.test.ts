// What every door refuses, on every route: one table of attacks over one table of routes.

import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import { BEARER, errorCode, JSON_TYPE, type RawRequest, send, sendText, stateless } from './http.ts';

let door: TestDoor;
let reached: string[] = [];
beforeAll(async () => {
  const handle = () => {
    reached.push('route');
    return { status: 200, body: { ok: true } };
  };
  door = await openDoor({
    routes: [
      { method: 'GET', path: '/admin/v1/things/:name', access: 'admin', handle },
      { method: 'POST', path: '/admin/v1/things', access: 'admin', handle },
      { method: 'GET', path: '/open/*', access: 'anyone', handle },
    ],
  });
});
afterAll(() => door.gateway.close());

const ADMIN = { authorization: 'Bearer admin-token' };
const SESSION = '0'.repeat(32);

/** Routes that need a token; `headers` and `body` are good, so that only what a test breaks is wrong. */
const GUARDED: readonly RawRequest[] = [
  stateless('tools/list'),
  { method: 'GET', path: '/mcp', headers: BEARER },
  { method: 'DELETE', path: '/mcp', headers: BEARER },
  { method: 'GET', path: '/sse', headers: BEARER },
  { method: 'POST', path: '/sse', headers: { ...BEARER, ...JSON_TYPE }, body: '{}' },
  { method: 'POST', path: `/messages/?session_id=${SESSION}`, headers: { ...BEARER, ...JSON_TYPE }, body: '{}' },
  { method: 'POST', path: '/messages', headers: { ...BEARER, ...JSON_TYPE }, body: '{}' },
  { method: 'GET', path: '/admin/v1/things/x', headers: ADMIN },
  { method: 'POST', path: '/admin/v1/things', headers: { ...ADMIN, ...JSON_TYPE }, body: '{}' },
  { method: 'GET', path: '/admin/v1/nothing', headers: ADMIN },
  { method: 'GET', path: '/', headers: BEARER },
  { method: 'GET', path: '/no/such/path', headers: BEARER },
  { method: 'GET', path: '/%zz', headers: BEARER },
  { method: 'GET', path: `/admin/v1/things/${'x'.repeat(5000)}`, headers: ADMIN },
  { method: 'GET', path: '//sse', headers: BEARER },
  { method: 'GET', path: 'http://127.0.0.1/sse', headers: BEARER },
  { method: 'HEAD', path: '/sse', headers: BEARER },
  { method: 'OPTIONS', path: '/mcp', headers: BEARER },
  { method: 'PROPFIND', path: '/mcp', headers: BEARER },
  { method: 'PATCH', path: '/healthz', headers: BEARER },
];
const OPEN: readonly RawRequest[] = [
  { method: 'GET', path: '/healthz' },
  { method: 'GET', path: '/readyz' },
  { method: 'GET', path: '/open/thing' },
];

const named = (requests: readonly RawRequest[]) =>
  requests.map((request) => [`${request.method} ${request.path.slice(0, 40)}`, request] as const);

const without = (request: RawRequest, headers: { [name: string]: string | string[] }): RawRequest => {
  const { authorization, ...rest } = request.headers ?? {};
  return { ...request, headers: { ...rest, ...headers } };
};

const BAD_TOKENS: readonly (readonly [string, { [name: string]: string | string[] }])[] = [
  ['no token', {}],
  ['an unknown token', { authorization: 'Bearer nobody' }],
  ['an expired token', { authorization: 'Bearer expired-token' }],
  ['an unknown key', { 'x-api-key': 'nobody' }],
  ['two tokens that differ', { authorization: 'Bearer athena-token', 'x-api-key': 'hermes-token' }],
  ['two keys', { 'x-api-key': ['athena-token', 'hermes-token'] }],
  ['another scheme', { authorization: 'Basic athena-token' }],
  ['another scheme beside a good key', { authorization: 'Basic eA==', 'x-api-key': 'athena-token' }],
  ['an empty token', { authorization: 'Bearer ' }],
  ['a token of a megabyte less a lot', { authorization: `Bearer ${'x'.repeat(LIMITS.tokenLengthMax + 1)}` }],
  ['a cookie', { cookie: 'token=athena-token' }],
];

describe.each(named(GUARDED))('%s', (_title, request) => {
  test.each(BAD_TOKENS)('answers 401 to %s, and the same as any other path', async (_what, headers) => {
    const answer = await send(door.url, without(request, headers));
    expect(answer.status).toBe(401);
    const isToken = 'authorization' in headers || 'x-api-key' in headers;
    const shown = isToken ? 'Bearer error="invalid_token"' : 'Bearer';
    expect(answer.headers['www-authenticate']).toBe(shown);
    if (request.method !== 'HEAD') expect(answer.text).toBe((await send(door.url, { path: '/no/path' })).text);
  });

  test('does not take a token from the URL', async () => {
    for (const name of ['token', 'access_token', 'api_key', 'x-api-key', 'authorization']) {
      const path = `${request.path}${request.path.includes('?') ? '&' : '?'}${name}=athena-token`;
      expect((await send(door.url, without({ ...request, path }, {}))).status).toBe(401);
    }
  });
});

const FOREIGN_HOSTS = [
  'evil.example',
  'evil.example:80',
  'localhost.evil.example',
  '127.0.0.1.nip.io',
  '127.0.0.1.',
  'localhost.',
  'localhost@evil.example',
  'evil.example#localhost',
  '0.0.0.0',
  '127.1',
  '2130706433',
  '[::ffff:127.0.0.1]',
  '[::1',
  'localhost:',
  'localhost:80x',
];
const FOREIGN_ORIGINS = [
  'https://evil.example',
  'http://localhost.evil.example',
  'http://127.0.0.1.nip.io',
  'null',
  'file://',
  'chrome-extension://abc',
  'http://localhost@evil.example',
  'http://evil.example#localhost',
  'http://localhost/x',
  'localhost',
  '',
];

describe.each(named([...GUARDED, ...OPEN]))('%s', (_title, request) => {
  test('refuses each foreign Host, good token or not', async () => {
    for (const host of FOREIGN_HOSTS) {
      for (const headers of [request.headers, {}]) {
        const answer = await send(door.url, { ...request, headers: { ...headers, host } });
        expect([host, answer.status]).toEqual([host, 403]);
        if (request.method !== 'HEAD') expect(errorCode(answer)).toBe('HOST_REFUSED');
      }
    }
  });

  test('refuses each foreign Origin, good token or not', async () => {
    for (const origin of FOREIGN_ORIGINS) {
      for (const headers of [request.headers, {}]) {
        const answer = await send(door.url, { ...request, headers: { ...headers, origin } });
        expect([origin, answer.status]).toEqual([origin, 403]);
        if (request.method !== 'HEAD') expect(errorCode(answer)).toBe('ORIGIN_REFUSED');
      }
    }
  });

  test('carries the security headers and names no software', async () => {
    const answer = await send(door.url, { ...request, headers: { ...request.headers, origin: 'null' } });
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    expect(answer.headers).not.toHaveProperty('server');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('a Host or an Origin of this machine', () => {
  test.each(['localhost', 'LocalHost:1', '127.0.0.1', '[::1]:8000'])('%s is served', async (host) => {
    expect((await send(door.url, { path: '/healthz', headers: { host } })).status).toBe(200);
  });
  test.each(['http://localhost:3000', 'https://127.0.0.1', 'http://[::1]:1'])('%s is served', async (origin) => {
    expect((await send(door.url, { path: '/healthz', headers: { origin } })).status).toBe(200);
  });
  test('which is empty or absent is not served', async () => {
    const token = 'authorization: Bearer athena-token\r\nconnection: close\r\n';
    expect(await sendText(door.port, `GET /healthz HTTP/1.1\r\nhost:\r\n${token}\r\n`)).toContain('HOST_REFUSED');
    expect(await sendText(door.port, `GET /healthz HTTP/1.0\r\n${token}\r\n`)).toContain('HOST_REFUSED');
    expect(await sendText(door.port, `GET /healthz HTTP/1.1\r\n${token}\r\n`)).toMatch(/^HTTP\/1.1 400 /);
  });
  test('without the guards, a server takes a foreign Host and Origin (negative control)', async () => {
    const bare = createServer((_request, response) => response.end('served')).listen(0, '127.0.0.1');
    await new Promise((resolve) => bare.on('listening', resolve));
    const { port } = bare.address() as { port: number };
    const headers = { host: 'localhost.evil.example', origin: 'https://evil.example' };
    expect((await send(`http://127.0.0.1:${port}`, { path: '/', headers })).text).toBe('served');
    bare.close();
  });
});

describe('an admin', () => {
  test.each(['/mcp', '/sse', '/messages/', '/messages'])('is no agent on %s', async (path) => {
    const method = path === '/sse' ? 'GET' : 'POST';
    const answer = await send(door.url, {
      method,
      path,
      headers: { ...ADMIN, ...JSON_TYPE },
      ...(method === 'GET' ? {} : { body: '{}' }),
    });
    expect([answer.status, errorCode(answer)]).toEqual([403, 'FORBIDDEN']);
    expect(JSON.parse(answer.text).error.details.remedy).toContain("agent's token");
  });
});

describe('an agent', () => {
  test('is refused on admin routes before its body is read', async () => {
    reached = [];
    const get = await send(door.url, { path: '/admin/v1/things/x', headers: BEARER });
    const post = await send(door.url, {
      method: 'POST',
      path: '/admin/v1/things',
      headers: { ...BEARER, ...JSON_TYPE },
      body: '{"a":',
    });
    expect([get.status, post.status, errorCode(post), reached]).toEqual([403, 403, 'FORBIDDEN', []]);
  });
  test('is known by its key too, and by the same token twice', async () => {
    const key = { 'x-api-key': 'athena-token' };
    for (const headers of [key, { ...key, ...BEARER }, { authorization: 'bearer athena-token' }]) {
      expect((await send(door.url, { path: '/nothing', headers })).status).toBe(404);
    }
  });
});

test.each([
  ['/mcp', 'PUT', 'GET, POST, DELETE'],
  ['/mcp', 'HEAD', 'GET, POST, DELETE'],
  ['/sse', 'PUT', 'GET, POST'],
  ['/messages/', 'GET', 'POST'],
  ['/messages', 'DELETE', 'POST'],
])('%s refuses %s and says what it takes', async (path, method, allow) => {
  const answer = await send(door.url, { method, path, headers: BEARER });
  expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  if (method !== 'HEAD') expect(errorCode(answer)).toBe('METHOD_REFUSED');
});
