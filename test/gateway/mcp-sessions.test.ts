// /mcp with sessions on the wire: MCP 2025-03-26 … 2025-11-25, and what a hostile client tries.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import { BEARER, errorCode, eventually, send, sendText } from './http.ts';
import {
  ACCEPT_BOTH,
  callOf,
  cancelOf,
  INITIALIZED,
  initializeOf,
  openSession,
  postMcp,
  type RawSession,
  rpc,
} from './session.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.gateway.close());

const JSON_ANSWER = 'application/json; charset=utf-8';
const HERMES_BEARER = { authorization: 'Bearer hermes-token' };
const open = (version?: string) => openSession(door.url, version === undefined ? {} : { version });

describe('initialize', () => {
  test.each(['2025-03-26', '2025-06-18', '2025-11-25'])('opens a session of the version %s', async (version) => {
    const answer = await postMcp(door.url, initializeOf(version), { ...BEARER, ...ACCEPT_BOTH });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, JSON_ANSWER]);
    expect(answer.headers['mcp-session-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.parse(answer.text)).toMatchObject({
      id: 'init',
      result: { protocolVersion: version, capabilities: { tools: { listChanged: true } } },
    });
  });

  test.each(['2026-07-28', '1999-01-01', 'latest'])('answers the version %s with 2025-11-25', async (version) => {
    const answer = await postMcp(door.url, initializeOf(version), { ...BEARER, ...ACCEPT_BOTH });
    expect(JSON.parse(answer.text).result.protocolVersion).toBe('2025-11-25');
  });

  test('gives each session an id of its own', async () => {
    const ids = (await Promise.all([open(), open(), open()])).map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  test.each([
    ['without params', { jsonrpc: '2.0', id: 'init', method: 'initialize' }],
    ['with params of another kind', rpc('init', 'initialize', { protocolVersion: 7 })],
    ['with an id that is too long', { ...initializeOf(), id: 'x'.repeat(LIMITS.requestIdLengthMax + 1) }],
  ])('%s opens nothing, and takes no place', async (_what, message) => {
    for (let count = 0; count < LIMITS.sessionsPerAgentMax + 1; count++) {
      const answer = await postMcp(door.url, message, { ...BEARER, ...ACCEPT_BOTH });
      expect(answer.headers['mcp-session-id']).toBeUndefined();
      const { error } = JSON.parse(answer.text);
      expect(error.data?.code ?? error.code).toBe('REQUEST_INVALID');
    }
    expect((await open()).id).toMatch(/^[0-9a-f]{32}$/);
  });

  test('that says too much of itself opens nothing', async () => {
    const clientInfo = { name: 'x'.repeat(LIMITS.initializeLengthMax), version: '1' };
    const answer = await postMcp(door.url, initializeOf('2025-11-25', { clientInfo }), { ...BEARER, ...ACCEPT_BOTH });
    expect([answer.status, errorCode(answer)]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('in a session is refused, and of a foreign one there is none', async () => {
    const session = await open();
    expect((await session.post(initializeOf())).status).toBe(400);
    expect((await session.post(initializeOf(), { 'mcp-session-id': '0'.repeat(32) })).status).toBe(404);
    expect((await session.post(rpc(1, 'ping'))).status).toBe(200);
  });

  test('in the clothes of 2026-07-28 is refused', async () => {
    const headers = { ...BEARER, ...ACCEPT_BOTH, 'mcp-protocol-version': '2026-07-28' };
    expect((await postMcp(door.url, initializeOf(), headers)).status).toBe(400);
  });
});

describe('a session', () => {
  test('answers a request as one JSON document', async () => {
    const session = await open();
    const { status, headers, text } = await session.post(rpc('my-id', 'ping'));
    expect([status, headers['content-type']]).toEqual([200, JSON_ANSWER]);
    expect(JSON.parse(text)).toEqual({ jsonrpc: '2.0', id: 'my-id', result: {} });
  });

  test('streams progress to who asked for it, then the answer, then ends', async () => {
    const session = await open();
    const stream = await session.stream(callOf(1, 'demo__count', {}, { _meta: { progressToken: 'p' } }));
    expect(await stream.closed).toBe(true);
    expect(stream.headers['content-type']).toBe('text/event-stream');
    expect(stream.events.map(({ data }) => JSON.parse(data).method ?? JSON.parse(data).id)).toEqual([
      'notifications/progress',
      'notifications/progress',
      'notifications/progress',
      1,
    ]);
  });

  test('an answer that is long in coming is a stream, with pings', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const session = await open();
      const opening = session.stream(callOf(1, 'demo__wait'));
      await eventually(() => door.dispatcher.requests.length === 1);
      vi.advanceTimersByTime(3 * LIMITS.streamPingMs);
      const stream = await opening;
      vi.advanceTimersByTime(LIMITS.streamPingMs);
      await eventually(() => stream.comments.length > 0);
      await session.post(cancelOf(1));
      expect(await stream.closed).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test('takes notifications and answers that nobody asked for with 202 and no body', async () => {
    const session = await open();
    for (const message of [INITIALIZED, { jsonrpc: '2.0', id: 9, result: {} }, { jsonrpc: '2.0', method: 'x/y' }]) {
      const { status, text } = await session.post(message);
      expect([status, text]).toEqual([202, '']);
    }
  });

  test('takes a request without the version header, and none with another version', async () => {
    const session = await open('2025-06-18');
    expect((await session.post(rpc(1, 'ping'), { 'mcp-protocol-version': undefined })).status).toBe(200);
    for (const version of ['2025-11-25', '2025-03-26', '2024-11-05', '0', '']) {
      const answers = [
        await session.post(rpc(1, 'ping'), { 'mcp-protocol-version': version }),
        await session.get({ 'mcp-protocol-version': version }),
        await session.end({ 'mcp-protocol-version': version }),
      ];
      expect(answers.map((answer) => [answer.status, errorCode(answer)])).toEqual(
        Array.from({ length: 3 }, () => [400, 'REQUEST_INVALID']),
      );
    }
    expect((await session.post(rpc(1, 'ping'), { 'mcp-protocol-version': '2026-07-28' })).status).toBe(400);
    expect((await session.post(rpc(2, 'ping'))).status).toBe(200);
  });

  test.each([
    ['nothing', undefined],
    ['JSON only', 'application/json'],
    ['streams only', 'text/event-stream'],
    ['HTML', 'text/html, image/*'],
  ])('refuses a POST that accepts %s', async (_what, accept) => {
    const session = await open();
    const answer = await session.post(callOf(1, 'demo__echo'), { accept });
    expect([answer.status, errorCode(answer), door.dispatcher.requests]).toEqual([406, 'NOT_ACCEPTABLE', []]);
  });

  test.each(['*/*', 'APPLICATION/*, text/event-stream;q=0.9', 'text/*,application/json'])(
    'takes a POST that accepts %s',
    async (accept) => {
      const session = await open();
      expect((await session.post(rpc(1, 'ping'), { accept })).status).toBe(200);
    },
  );

  test('has at most requestsPerSessionMax requests under way, each with an id of its own', async () => {
    const session = await open();
    const pending: Promise<unknown>[] = [];
    for (let id = 0; id < LIMITS.requestsPerSessionMax; id++) {
      pending.push(session.post(callOf(id, 'demo__wait')).catch(() => {}));
    }
    await eventually(() => door.dispatcher.requests.length === LIMITS.requestsPerSessionMax);
    const full = await session.post(callOf('more', 'demo__wait'));
    expect([full.status, errorCode(full)]).toEqual([429, 'QUEUE_FULL']);
    const twice = await session.post(callOf(8, 'demo__wait'));
    expect([twice.status, errorCode(twice)]).toEqual([400, 'REQUEST_INVALID']);
    await session.post(cancelOf(7));
    expect((await session.post(rpc('more', 'ping'))).status).toBe(200);
    await session.end();
    await Promise.all(pending);
  });

  test('takes no id that is longer than requestIdLengthMax', async () => {
    const session = await open();
    expect((await session.post(rpc('x'.repeat(LIMITS.requestIdLengthMax + 1), 'ping'))).status).toBe(400);
    expect((await session.post(rpc('x'.repeat(LIMITS.requestIdLengthMax), 'ping'))).status).toBe(200);
  });

  test('refuses, by code and in the record, arguments that are no object', async () => {
    const session = await open();
    const { result } = JSON.parse((await session.post(callOf(1, 'demo__echo', ['x']))).text);
    expect(result.structuredContent.error.code).toBe('ARGUMENTS_INVALID');
    expect(door.dispatcher.requests[0]).toMatchObject({ args: {}, strayArgs: ['x'] });
  });
});

describe('a session id', () => {
  const absent = (session: RawSession, more: { [name: string]: string | undefined }) =>
    Promise.all([session.post(callOf(1, 'demo__echo'), more), session.get(more), session.end(more)]);

  test.each([
    ['another agent', HERMES_BEARER],
    ['another token of the same agent', { authorization: 'Bearer athena-second' }],
  ])("opens nothing for %s, in the very words for one that doesn't exist", async (_who, token) => {
    const session = await open();
    const foreign = await absent(session, token);
    const unknown = await absent(session, { ...token, 'mcp-session-id': '0'.repeat(32) });
    const odd = await absent(session, { ...token, 'mcp-session-id': 'a, b' });
    expect(foreign.map(({ status, text }) => [status, text])).toEqual(unknown.map(({ text }) => [404, text]));
    expect(odd.map(({ text }) => text)).toEqual(unknown.map(({ text }) => text));
    expect(door.dispatcher.requests).toEqual([]);
    expect((await session.post(rpc(1, 'ping'))).status).toBe(200);
  });

  test('that is missing is a malformed request, not a session', async () => {
    const session = await open();
    for (const answer of await absent(session, { 'mcp-session-id': undefined })) {
      expect([answer.status, errorCode(answer)]).toEqual([400, 'REQUEST_INVALID']);
    }
    const batch = await postMcp(door.url, [rpc(1, 'ping')], { ...BEARER, ...ACCEPT_BOTH });
    expect([batch.status, errorCode(batch)]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('is nothing once its token was revoked, and the calls of it end', async () => {
    const session = await open();
    const [stream, pending] = [await session.listen(), session.post(callOf(1, 'demo__wait'))];
    await eventually(() => door.dispatcher.requests.length === 1);
    door.authenticator.tokens.delete('athena-token');
    door.authenticator.tell();
    expect(await stream.closed).toBe(false);
    expect((await pending).status).toBe(404);
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect((await session.post(rpc(1, 'ping'))).status).toBe(401);
    expect((await session.post(rpc(1, 'ping'), { authorization: 'Bearer athena-second' })).status).toBe(404);
  });
});

test('a session is closed to bodies that no session takes, before any other', async () => {
  const session = await open();
  const lines = Object.entries({ host: 'localhost', ...session.headers(), connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  expect(await sendText(door.port, `POST /mcp HTTP/1.1\r\n${head}content-length: 0\r\n\r\n`)).toContain(' 400 ');
  expect((await send(door.url, { method: 'POST', path: '/mcp', headers: session.headers() })).status).toBe(400);
});
