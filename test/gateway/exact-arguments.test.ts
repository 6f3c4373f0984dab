// The digits of arguments at every door that a call can come through: what reaches the dispatcher is the text that was sent.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ExactJson, parseExactJson } from '#base/exact-json.ts';
import type { CallRequest } from '#domain/invocation.ts';
import { rpc as lineRpc, stateless as lineStateless, openSocketDoor, type TestSocketDoor } from '#test/stdio/door.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import { BEARER, errorCode, eventually, JSON_TYPE, openStream, send, stateless } from './http.ts';
import { callOf, initializeOf, openSession } from './session.ts';

/** What `JSON.parse` and `JSON.stringify` together would spell otherwise, and two things that look like it. */
const TEXT =
  '{"id":9007199254740993,"neg":-9007199254740993,"x":0.1000000000000000055,"f":5.0,"e":1e3,"z":-0,' +
  '"in":{"list":[18014398509481985,"9007199254740993",{"rawJSON":"1"}]}}';

let door: TestDoor;
let socket: TestSocketDoor;
beforeEach(async () => {
  door = await openDoor();
  socket = await openSocketDoor();
});
afterEach(async () => {
  await door.gateway.close();
  await socket.remove();
});

const args = (text = TEXT): ExactJson => parseExactJson(text) ?? null;

/** Sends a call through one door and gives what the dispatcher was asked. */
type Door = { readonly title: string; readonly call: (args: ExactJson) => Promise<readonly CallRequest[]> };

const overHttp = (title: string, act: (params: object) => Promise<unknown>): Door => ({
  title,
  call: async (sent) => {
    await act({ name: 'demo__echo', arguments: sent });
    await eventually(() => door.dispatcher.requests.length > 0);
    return door.dispatcher.requests;
  },
});

const overSocket = (title: string, message: (params: { readonly [key: string]: unknown }) => unknown): Door => ({
  title,
  call: async (sent) => {
    const connection = await socket.dial();
    await connection.greet();
    if (title.includes('session')) {
      connection.send(initializeOf());
      await connection.line(1);
    }
    connection.send(message({ name: 'demo__echo', arguments: sent }));
    await eventually(() => socket.dispatcher.requests.length > 0);
    return socket.dispatcher.requests;
  },
});

const DOORS: readonly Door[] = [
  overHttp('/mcp, a plain call', (params) => send(door.url, stateless('tools/call', { ...params }))),
  overHttp('/mcp, a call for the SDK', (params) =>
    send(door.url, stateless('tools/call', { ...params, _meta: { progressToken: 7 } })),
  ),
  overHttp('/mcp, a session', async (params) => (await openSession(door.url)).post(lineRpc(1, 'tools/call', params))),
  overHttp('/mcp, a batch of a session', async (params) =>
    (await openSession(door.url, { version: '2025-03-26' })).post([
      lineRpc(1, 'tools/call', params),
      lineRpc(2, 'ping'),
    ]),
  ),
  overHttp('/messages/', async (params) => {
    const stream = await openStream(door.url);
    await stream.until(1);
    const path = stream.events[0]?.data ?? '';
    const headers = { ...BEARER, ...JSON_TYPE };
    await send(door.url, { method: 'POST', path, headers, body: JSON.stringify(initializeOf()) });
    await stream.until(2);
    await send(door.url, { method: 'POST', path, headers, body: JSON.stringify(lineRpc(1, 'tools/call', params)) });
    await stream.until(3);
    stream.cut();
  }),
  overSocket('stdio, a session', (params) => lineRpc(1, 'tools/call', params)),
  overSocket('stdio, without one', (params) => lineStateless(1, 'tools/call', params)),
];

describe.each(DOORS)('$title', ({ call }) => {
  test('hands arguments on as they were spelled', async () => {
    const [request] = await call(args());
    expect(JSON.stringify(request?.args)).toBe(TEXT);
    expect(request?.strayArgs).toBeUndefined();
  });

  test('hands on what is no object as it was spelled, to be refused', async () => {
    const [request] = await call(args('9007199254740993'));
    expect(request?.args).toEqual({});
    expect(JSON.stringify(request?.strayArgs)).toBe('9007199254740993');
  });
});

describe('an answer with a number that no double holds', () => {
  const answered = (text: string) => text.includes('"structuredContent":{"n":9007199254740993,"f":5.0}');
  beforeEach(() => {
    door.dispatcher.answers.set('demo__echo', { kind: 'value', value: args('{"n":9007199254740993,"f":5.0}') });
  });

  test('has all its digits after a plain call and after one for the SDK', async () => {
    const call = { name: 'demo__echo', arguments: {} };
    const plain = await send(door.url, stateless('tools/call', call));
    expect(plain.text).toSatisfy(answered);
    const bySdk = await send(door.url, stateless('tools/call', { ...call, _meta: { progressToken: 7 } }));
    expect(bySdk.text).toSatisfy(answered);
    expect((await (await openSession(door.url)).post(callOf(1, 'demo__echo'))).text).toSatisfy(answered);
  });
});

describe('what is not arguments', () => {
  test('is plain JSON: ids come back as numbers', async () => {
    const session = await openSession(door.url);
    const message = JSON.parse('{"rest":0}');
    const answer = await session.post({ ...callOf(1, 'demo__echo', args('{"n":5.0}')), ...message });
    expect(JSON.parse(answer.text).id).toBe(1);
    const request = stateless('tools/call', { name: 'demo__echo', arguments: args('{"n":5.0}') });
    const body = String(request.body).replace('"id":1', '"id":1.0');
    expect(JSON.parse((await send(door.url, { ...request, body })).text)).toMatchObject({ id: 1, result: {} });
  });
});

describe('a route that takes plain JSON', () => {
  const post = (url: string, body: string) =>
    send(url, { method: 'POST', path: '/plain', headers: { ...BEARER, ...JSON_TYPE }, body });

  test('refuses a number that it would round, and says where', async () => {
    const bodies: unknown[] = [];
    const handle = ({ body }: { readonly body: unknown }) => {
      bodies.push(body);
      return { status: 200, body: {} };
    };
    const own = await openDoor({ routes: [{ method: 'POST', path: '/plain', access: 'principal', handle }] });
    const answer = await post(own.url, '{"a":[{"n":9007199254740993}]}');
    expect([answer.status, errorCode(answer)]).toEqual([400, 'REQUEST_INVALID']);
    expect(JSON.parse(answer.text).error.details.pointer).toBe('/a/0/n');
    expect((await post(own.url, '{"a":[{"n":9007199254740992.0,"m":1e2}]}')).status).toBe(200);
    expect(bodies).toEqual([{ a: [{ n: 9007199254740992, m: 100 }] }]);
    await own.gateway.close();
  });
});
