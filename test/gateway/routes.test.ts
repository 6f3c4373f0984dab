// Routes that features bring: what reaches them, how their answers and errors leave; health.

import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from '#domain/door-ports.ts';
import { ATHENA, openDoor, type TestDoor } from './fakes.ts';
import { BEARER, eventually, JSON_TYPE, send } from './http.ts';

const ADMIN = { authorization: 'Bearer admin-token' };

let door: TestDoor;
afterEach(() => door.gateway.close());

const route = (handle: HttpRoute['handle'], more: Partial<HttpRoute> = {}): HttpRoute => ({
  method: 'GET',
  path: '/admin/v1/x',
  access: 'admin',
  handle,
  ...more,
});

test('a route sees principal, params, query and body as they were sent', async () => {
  const seen: HttpRequest[] = [];
  const handle = (request: HttpRequest) => {
    seen.push(request);
    return { status: 201, body: { made: true } };
  };
  door = await openDoor({
    routes: [
      route(handle, { method: 'POST', path: '/admin/v1/agents/:name' }),
      route(handle, { method: 'GET', path: '/tile/*', access: 'anyone' }),
    ],
  });
  const path = '/admin/v1/agents/a%20b?since=7d&x=';
  const answer = await send(door.url, { method: 'POST', path, headers: { ...ADMIN, ...JSON_TYPE }, body: '{"a":[1]}' });
  expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
    201,
    '{"made":true}',
    'application/json; charset=utf-8',
  ]);
  await send(door.url, { path: '/tile/0/x001/067' });
  await send(door.url, { path: '/tile/0', headers: ADMIN });
  const admin = { kind: 'admin', tokenId: 'admin' };
  expect(seen.map(({ principal, params, query, body }) => ({ principal, params, query, body }))).toEqual([
    { principal: admin, params: { name: 'a b' }, query: { since: '7d', x: '' }, body: { a: [1] } },
    { principal: undefined, params: { '*': '0/x001/067' }, query: {}, body: undefined },
    { principal: admin, params: { '*': '0' }, query: {}, body: undefined },
  ]);
});

test('a body of no bytes is none, whatever type it names; one with bytes must be JSON', async () => {
  door = await openDoor({ routes: [route(({ body }) => ({ status: 200, body: body ?? 'none' }), { method: 'POST' })] });
  const post = (body: string) =>
    send(door.url, {
      method: 'POST',
      path: '/admin/v1/x',
      headers: {
        ...ADMIN,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(body.length),
      },
      body,
    });
  expect(await post('')).toMatchObject({ status: 200, text: '"none"' });
  expect(await post('{}')).toMatchObject({ status: 400, text: expect.stringContaining('REQUEST_INVALID') });
});

describe('a route for any principal', () => {
  const principal = (handle: HttpRoute['handle']) => [route(handle, { access: 'principal' })];

  test('is handed the agent or the admin that asks, and nobody else', async () => {
    const seen: unknown[] = [];
    const handle = (request: HttpRequest) => {
      seen.push(request.principal);
      return { status: 200, body: null };
    };
    door = await openDoor({ routes: principal(handle) });
    const statuses: number[] = [];
    for (const headers of [BEARER, ADMIN, {}, { authorization: 'Bearer expired-token' }]) {
      statuses.push((await send(door.url, { path: '/admin/v1/x', headers })).status);
    }
    expect(statuses).toEqual([200, 200, 401, 401]);
    expect(seen).toEqual([
      { kind: 'agent', agent: 'athena', tokenId: 't1' },
      { kind: 'admin', tokenId: 'admin' },
    ]);
  });

  test('can ask whether the token still stands for who asked', async () => {
    const seen: boolean[] = [];
    const handle = ({ mayStillAct }: HttpRequest) => {
      seen.push(mayStillAct());
      door.authenticator.tokens.delete('athena-token');
      seen.push(mayStillAct());
      door.authenticator.tokens.set('athena-token', { principal: { kind: 'agent', agent: ATHENA, tokenId: 'other' } });
      seen.push(mayStillAct());
      return { status: 200, body: null };
    };
    door = await openDoor({ routes: principal(handle) });
    await send(door.url, { path: '/admin/v1/x', headers: BEARER });
    expect(seen).toEqual([true, false, false]);
  });
});

test('a route is told when its client goes away, and not when its answer has left', async () => {
  const signals: AbortSignal[] = [];
  const handle = ({ signal, query }: HttpRequest) => {
    signals.push(signal);
    if (query['wait'] === undefined) return { status: 200, body: null };
    return new Promise<HttpAnswer>((resolve) =>
      signal.addEventListener('abort', () => resolve({ status: 200, body: null })),
    );
  };
  door = await openDoor({ routes: [route(handle)] });
  await send(door.url, { path: '/admin/v1/x', headers: ADMIN });
  const socket = connect(door.port, '127.0.0.1', () =>
    socket.write('GET /admin/v1/x?wait=1 HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer admin-token\r\n\r\n'),
  );
  socket.on('error', () => {});
  await eventually(() => signals.length === 2);
  socket.destroy();
  await eventually(() => signals[1]?.aborted === true);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
});

test('a query name that is given twice is refused', async () => {
  door = await openDoor({ routes: [route(() => ({ status: 200, body: null }))] });
  expect((await send(door.url, { path: '/admin/v1/x?a=1&a=2', headers: ADMIN })).status).toBe(400);
  expect((await send(door.url, { path: '/admin/v1/x?a=1', headers: ADMIN })).text).toBe('null');
});

test.each([
  ['bytes', { status: 200, body: new Uint8Array([0, 255]), contentType: 'application/octet-stream' }, '\u0000\ufffd'],
  ['a text of a type of its own', { status: 200, body: 'a\nb', contentType: 'text/plain' }, 'a\nb'],
  ['a text as JSON', { status: 200, body: 'a\nb' }, '"a\\nb"'],
])('%s leave as they are', async (_what, answer, text) => {
  door = await openDoor({ routes: [route(() => answer)] });
  expect((await send(door.url, { path: '/admin/v1/x', headers: ADMIN })).text).toBe(text);
});

test("a feature's error leaves with its code, details and the table's status", async () => {
  const error = new SmcpError('AGENT_EXISTS', 'there is one', { details: { remedy: 'choose another' } });
  door = await openDoor({ routes: [route(() => Promise.reject(error))] });
  const answer = await send(door.url, { path: '/admin/v1/x', headers: ADMIN });
  expect([answer.status, JSON.parse(answer.text)]).toEqual([
    409,
    { error: { code: 'AGENT_EXISTS', message: 'there is one', details: { remedy: 'choose another' } } },
  ]);
});

test('a bug leaves as INTERNAL, and its text only in the log', async () => {
  const handle = () => {
    throw new TypeError('secret of the home');
  };
  door = await openDoor({ routes: [route(handle)] });
  const answer = await send(door.url, { path: '/admin/v1/x', headers: ADMIN });
  expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([500, 'INTERNAL']);
  expect(answer.text).not.toContain('secret');
  expect(String(door.logger.lines[0]?.fields['error'])).toContain('secret of the home');
});

test('health is a status and nothing else', async () => {
  let isReady = false;
  door = await openDoor({ isReady: () => isReady });
  const ask = async (path: string) => {
    const { status, text } = await send(door.url, { path });
    return [status, text];
  };
  expect(await ask('/healthz')).toEqual([200, '{"status":"ok"}']);
  expect(await ask('/readyz')).toEqual([503, '{"status":"not ready"}']);
  isReady = true;
  expect(await ask('/readyz')).toEqual([200, '{"status":"ready"}']);
});
