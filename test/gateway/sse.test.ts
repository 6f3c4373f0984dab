// HTTP+SSE as existing SMCP clients know it (compatibility.md), and what a hostile one tries.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import {
  BEARER,
  errorCode,
  eventually,
  JSON_TYPE,
  type OpenStream,
  openStream,
  type RawAnswer,
  send,
  unreadBytesMax,
} from './http.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.gateway.close());

const HERMES_BEARER = { authorization: 'Bearer hermes-token' };
/** The address that the stream's first event names. */
const endpointOf = (stream: OpenStream) => stream.events[0]?.data ?? '';

async function open(headers: { [name: string]: string } = BEARER): Promise<OpenStream> {
  const stream = await openStream(door.url, '/sse', headers);
  if (stream.status === 200) await stream.until(1);
  return stream;
}

function post(path: string, message: unknown, headers: { [name: string]: string } = BEARER): Promise<RawAnswer> {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  return send(door.url, { method: 'POST', path, headers: { ...headers, ...JSON_TYPE }, body });
}

const rpc = (id: unknown, method: string, params: unknown = {}) => ({ jsonrpc: '2.0', id, method, params });
const callOf = (id: unknown, name: string, args: unknown = {}) => rpc(id, 'tools/call', { name, arguments: args });
const answerOf = (stream: OpenStream, index: number) => JSON.parse(stream.events[index]?.data ?? 'null');

describe('GET /sse', () => {
  test('names the address for messages first, relative, with 32 hex digits', async () => {
    const stream = await open();
    expect(stream.events[0]).toEqual({
      event: 'endpoint',
      data: expect.stringMatching(/^\/messages\/\?session_id=[0-9a-f]{32}$/),
    });
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
  });

  test('sends a comment each streamPingMs', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const stream = await open();
      vi.advanceTimersByTime(2 * LIMITS.streamPingMs);
      await eventually(() => stream.comments.length >= 2);
      expect(stream.comments).toEqual([': ping', ': ping']);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('POST /messages/', () => {
  test('says 202 Accepted, and the answer comes as a message event', async () => {
    const stream = await open();
    const answer = await post(endpointOf(stream), rpc('my-id', 'ping'));
    expect([answer.status, answer.text]).toEqual([202, 'Accepted']);
    await stream.until(2);
    expect(stream.events[1]?.event).toBe('message');
    expect(answerOf(stream, 1)).toEqual({ jsonrpc: '2.0', id: 'my-id', result: {} });
  });

  test.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    'echoes the protocol version %s',
    async (version) => {
      const stream = await open();
      const clientInfo = { name: 'test', version: '1' };
      await post(endpointOf(stream), rpc(1, 'initialize', { protocolVersion: version, capabilities: {}, clientInfo }));
      await stream.until(2);
      expect(answerOf(stream, 1).result).toMatchObject({
        protocolVersion: version,
        serverInfo: { name: 'smcp', version: '1.2.3' },
        capabilities: { tools: { listChanged: true } },
        instructions: expect.any(String),
      });
    },
  );

  test.each(['2026-07-28', '1999-01-01', 'latest'])('answers the version %s with 2025-11-25', async (version) => {
    const stream = await open();
    const clientInfo = { name: 'test', version: '1' };
    await post(endpointOf(stream), rpc(1, 'initialize', { protocolVersion: version, capabilities: {}, clientInfo }));
    await stream.until(2);
    expect(answerOf(stream, 1).result.protocolVersion).toBe('2025-11-25');
  });

  test('lists without what these versions do not know, and without output schemas', async () => {
    const stream = await open();
    await post(endpointOf(stream), rpc(1, 'tools/list'));
    await stream.until(2);
    const { result } = answerOf(stream, 1);
    expect(Object.keys(result)).toEqual(['tools']);
    expect(result.tools.some((tool: object) => 'outputSchema' in tool)).toBe(false);
  });

  test.each([
    ['no session_id', '/messages/', 400],
    ['an empty one', '/messages/?session_id=', 400],
    ['one with dashes', '/messages/?session_id=01234567-89ab-cdef-0123-456789abcdef', 400],
    ['one too long', `/messages/?session_id=${'0'.repeat(33)}`, 400],
    ['upper-case hex', `/messages/?session_id=${'A'.repeat(32)}`, 400],
    ['two of them', `/messages/?session_id=${'0'.repeat(32)}&session_id=${'0'.repeat(32)}`, 400],
    ['one that nobody has', `/messages/?session_id=${'0'.repeat(32)}`, 404],
  ])('with %s', async (_what, path, status) => {
    const answer = await post(path, rpc(1, 'ping'));
    expect([answer.status, errorCode(answer)]).toEqual([
      status,
      status === 400 ? 'REQUEST_INVALID' : 'SESSION_UNKNOWN',
    ]);
  });

  test.each([
    ['text', '"hello"'],
    ['null', 'null'],
    ['no JSON-RPC', '{"method":"ping"}'],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}'],
    ['an empty body', ''],
  ])('refuses %s', async (_what, body) => {
    const stream = await open();
    const answer = await post(endpointOf(stream), body);
    expect([answer.status, errorCode(answer)]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('is where POST /messages sends a client, query and all', async () => {
    const answer = await post('/messages?session_id=abc&x=%0d%0a', rpc(1, 'ping'));
    expect([answer.status, answer.headers.location]).toEqual([307, '/messages/?session_id=abc&x=%0d%0a']);
  });

  test('is where POST /sse points', async () => {
    const answer = await post('/sse', rpc(1, 'ping'));
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('/messages/')]);
  });
});

describe('a session', () => {
  test("is not there for another agent, in the very words for one that doesn't exist", async () => {
    const stream = await open();
    const foreign = await post(endpointOf(stream), callOf(1, 'demo__echo'), HERMES_BEARER);
    const absent = await post(`/messages/?session_id=${'0'.repeat(32)}`, callOf(1, 'demo__echo'), HERMES_BEARER);
    expect([foreign.status, foreign.text]).toEqual([404, absent.text]);
    expect(door.dispatcher.requests).toEqual([]);
  });

  test('is not there for another token of its agent, and stays with the one that opened it', async () => {
    const stream = await open();
    const answer = await post(endpointOf(stream), rpc(1, 'ping'), { 'x-api-key': 'athena-second' });
    expect([answer.status, errorCode(answer)]).toEqual([404, 'SESSION_UNKNOWN']);
    expect((await post(endpointOf(stream), rpc(1, 'ping'))).status).toBe(202);
  });

  test('ends with its stream', async () => {
    const stream = await open();
    stream.cut();
    let status = 202;
    while (status === 202) status = (await post(endpointOf(stream), rpc(1, 'ping'))).status;
    expect(status).toBe(404);
  });

  test('whose token is revoked takes no message, not even under another token', async () => {
    const stream = await open();
    door.authenticator.tokens.delete('athena-token');
    expect((await post(endpointOf(stream), callOf(1, 'demo__echo'))).status).toBe(401);
    const other = await post(endpointOf(stream), callOf(1, 'demo__echo'), { 'x-api-key': 'athena-second' });
    expect([other.status, errorCode(other)]).toEqual([404, 'SESSION_UNKNOWN']);
    expect(door.dispatcher.requests).toEqual([]);
  });

  test('is cut, and its calls cancelled, as soon as the door is told that its token was revoked', async () => {
    const [mine, theirs] = [await open(), await open(HERMES_BEARER)];
    await post(endpointOf(mine), callOf(1, 'demo__wait'));
    await eventually(() => door.dispatcher.requests.length === 1);
    door.authenticator.tokens.delete('athena-token');
    door.authenticator.tell();
    expect(await mine.closed).toBe(false);
    await eventually(() => door.dispatcher.cancelled.length === 1);
    await post(endpointOf(theirs), rpc(2, 'ping'), HERMES_BEARER);
    await theirs.until(2);
  });

  test('whose token expires is closed at the next ping, and its calls are cancelled', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const stream = await open();
      await post(endpointOf(stream), callOf(1, 'demo__wait'));
      await eventually(() => door.dispatcher.requests.length === 1);
      const row = door.authenticator.tokens.get('athena-token');
      if (row !== undefined) row.expiresMs = 1;
      vi.advanceTimersByTime(LIMITS.streamPingMs);
      await stream.closed;
      await eventually(() => door.dispatcher.cancelled.length === 1);
      expect(stream.comments).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('hands no answer to a token that was revoked while the call ran', async () => {
    const stream = await open();
    await post(endpointOf(stream), callOf(1, 'demo__count', { total: 200 }));
    door.authenticator.tokens.delete('athena-token');
    await stream.closed;
    expect(stream.events.map(({ event }) => event)).toEqual(['endpoint']);
  });

  test('cancels a call when asked to', async () => {
    const stream = await open();
    await post(endpointOf(stream), callOf('a', 'demo__wait'));
    await post(endpointOf(stream), callOf('b', 'demo__wait'));
    await post(endpointOf(stream), { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'a' } });
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect(door.dispatcher.requests).toHaveLength(2);
  });

  test("can't cancel the call of another session", async () => {
    const [mine, theirs] = [await open(), await open(HERMES_BEARER)];
    await post(endpointOf(mine), callOf(1, 'demo__wait'));
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    await post(endpointOf(theirs), cancel, HERMES_BEARER);
    await post(endpointOf(theirs), rpc(2, 'ping'), HERMES_BEARER);
    await theirs.until(2);
    expect(door.dispatcher.cancelled).toEqual([]);
  });

  test('cancels its calls when the client goes away', async () => {
    const stream = await open();
    await post(endpointOf(stream), callOf(1, 'demo__wait'));
    await eventually(() => door.dispatcher.requests.length === 1);
    stream.cut();
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect(door.dispatcher.requests[0]?.signal?.aborted).toBe(true);
  });

  test('has at most requestsPerSessionMax requests under way, each with an id of its own', async () => {
    const stream = await open();
    for (let id = 0; id < LIMITS.requestsPerSessionMax; id++) await post(endpointOf(stream), callOf(id, 'demo__wait'));
    const full = await post(endpointOf(stream), callOf('more', 'demo__wait'));
    expect([full.status, errorCode(full)]).toEqual([429, 'QUEUE_FULL']);
    await post(endpointOf(stream), { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } });
    const twice = await post(endpointOf(stream), callOf(8, 'demo__wait'));
    expect([twice.status, errorCode(twice)]).toEqual([400, 'REQUEST_INVALID']);
    expect((await post(endpointOf(stream), callOf('more', 'demo__wait'))).status).toBe(202);
  });

  test('takes no id that is longer than requestIdLengthMax', async () => {
    const stream = await open();
    const answer = await post(endpointOf(stream), rpc('x'.repeat(LIMITS.requestIdLengthMax + 1), 'ping'));
    expect([answer.status, errorCode(answer)]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('takes any number of requests that are answered in between, under the same id too', async () => {
    const stream = await open();
    for (let count = 1; count <= LIMITS.requestsPerSessionMax + 10; count++) {
      await post(endpointOf(stream), rpc(count % 2, 'ping'));
      await stream.until(1 + count);
    }
    expect(stream.events).toHaveLength(1 + LIMITS.requestsPerSessionMax + 10);
  });

  test('sends no progress once the call is answered', async () => {
    const stream = await open();
    const params = { name: 'demo__count', arguments: { total: 1, late: true }, _meta: { progressToken: 'p' } };
    await post(endpointOf(stream), rpc(1, 'tools/call', params));
    await stream.until(3);
    await sleep(50);
    expect(stream.events.slice(1).map(({ data }) => 'result' in JSON.parse(data))).toEqual([false, true]);
  });

  test('of a reader that is too slow is closed and its calls cancelled; others go on', async () => {
    const [slow, quick] = [await open(), await open()];
    slow.pause();
    await post(endpointOf(slow), callOf('w', 'demo__wait'));
    for (let id = 0; door.dispatcher.cancelled.length === 0; id++) {
      await post(endpointOf(slow), callOf(id, 'demo__text', { length: LIMITS.outputBytesMax }));
    }
    expect(door.dispatcher.requests.length).toBeLessThan(unreadBytesMax() / LIMITS.outputBytesMax + 32);
    await post(endpointOf(quick), rpc(1, 'ping'));
    await quick.until(2);
    expect(answerOf(quick, 1).result).toEqual({});
  });
});
