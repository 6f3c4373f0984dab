// Routes that features bring: what reaches them, how their answers and errors leave; health.

import { afterEach, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { HttpRequest, HttpRoute } from '#domain/ports.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import { JSON_TYPE, send } from './http.ts';

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
  expect(seen).toEqual([
    { principal: admin, params: { name: 'a b' }, query: { since: '7d', x: '' }, body: { a: [1] } },
    { principal: undefined, params: { '*': '0/x001/067' }, query: {}, body: undefined },
    { principal: admin, params: { '*': '0' }, query: {}, body: undefined },
  ]);
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
