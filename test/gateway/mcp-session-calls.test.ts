// Calls in sessions of /mcp on the wire: alone and in batches, and every way in which they end early.

import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import { errorCode, eventually, JSON_TYPE, type OpenStream, stateless } from './http.ts';
import { callOf, cancelOf, INITIALIZED, initializeOf, openSession, type RawSession, rpc } from './session.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.gateway.close());

const HERMES_BEARER = { authorization: 'Bearer hermes-token' };
const open = (version?: string) => openSession(door.url, version === undefined ? {} : { version });
const answerOf = (stream: OpenStream, index: number) => JSON.parse(stream.events[index]?.data ?? 'null');

describe('a batch', () => {
  const batch = [callOf(1, 'demo__echo'), INITIALIZED, callOf(2, 'demo__count', {}, { _meta: { progressToken: 'p' } })];

  test('of 2025-03-26 is answered as a stream, one event for each message', async () => {
    const session = await open('2025-03-26');
    const stream = await session.stream(batch);
    expect(await stream.closed).toBe(true);
    const messages = stream.events.map(({ data }) => JSON.parse(data));
    expect(messages.filter(({ id }) => id !== undefined).map(({ id }) => id)).toEqual([1, 2]);
    expect(messages.filter(({ method }) => method === 'notifications/progress')).toHaveLength(3);
  });

  test('of one message is a batch, too', async () => {
    const session = await open('2025-03-26');
    const stream = await session.stream([rpc(1, 'ping')]);
    expect(await stream.closed).toBe(true);
    expect(answerOf(stream, 0)).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
  });

  test('of notifications only is taken with 202', async () => {
    const session = await open('2025-03-26');
    expect((await session.post([INITIALIZED, cancelOf(1)])).status).toBe(202);
  });

  test.each(['2025-06-18', '2025-11-25'])('is refused in %s, which has none', async (version) => {
    const session = await open(version);
    const answer = await session.post(batch);
    expect([answer.status, errorCode(answer), door.dispatcher.requests]).toEqual([400, 'REQUEST_INVALID', []]);
  });

  test.each([
    ['nothing', []],
    ['something that is no message', [callOf(1, 'demo__echo'), 7]],
    ['the same id twice', [callOf(1, 'demo__echo'), callOf(1, 'demo__echo')]],
    ['initialize', [callOf(1, 'demo__echo'), initializeOf('2025-03-26')]],
    ['a request of 2026-07-28', [callOf(1, 'demo__echo'), JSON.parse(String(stateless('tools/list').body))]],
    ['too many messages', Array.from({ length: LIMITS.batchLengthMax + 1 }, (_, id) => callOf(id, 'demo__echo'))],
  ])('with %s is refused as a whole', async (_what, messages) => {
    const session = await open('2025-03-26');
    expect([(await session.post(messages)).status, door.dispatcher.requests]).toEqual([400, []]);
  });
});

describe('a call', () => {
  const waiting = async (session: RawSession, ids: readonly unknown[]) => {
    const answers = ids.map((id) => session.post(callOf(id, 'demo__wait', { id })).catch(() => {}));
    await eventually(() => door.dispatcher.requests.length === ids.length);
    return answers;
  };
  const cancelledIds = () => door.dispatcher.cancelled.map(({ args }) => args['id']);

  test('is cancelled by notifications/cancelled, its POST ends, and no other', async () => {
    const session = await open();
    const [first, second] = await waiting(session, ['a', 'b']);
    expect((await session.post(cancelOf('a'))).status).toBe(202);
    expect(await first).toMatchObject({ status: 200, text: '' });
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect(cancelledIds()).toEqual(['a']);
    await session.end();
    await second;
  });

  test('is not cancelled from another session, by whatever id', async () => {
    const [mine, other, theirs] = [await open(), await open(), await openSession(door.url, { token: HERMES_BEARER })];
    const [pending] = await waiting(mine, [1]);
    for (const session of [other, theirs]) for (const id of [0, 1, '1']) await session.post(cancelOf(id));
    await other.post(rpc(2, 'ping'));
    expect(cancelledIds()).toEqual([]);
    await mine.end();
    await pending;
  });

  test.each(['destroy', 'end'] as const)(
    'is cancelled when its connection closes (%s), and its id is free',
    async (how) => {
      const session = await open();
      const body = JSON.stringify(callOf(1, 'demo__wait', { id: 1 }));
      const lines = Object.entries({
        host: 'localhost',
        ...session.headers(),
        ...JSON_TYPE,
        'content-length': body.length,
      });
      const socket = connect(door.port, '127.0.0.1', () => {
        socket.write(
          `POST /mcp HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
        );
      });
      socket.on('error', () => {});
      await eventually(() => door.dispatcher.requests.length === 1);
      // `end` closes one half: the client says that it sends no more, and is taken for gone.
      socket[how]();
      await eventually(() => door.dispatcher.cancelled.length === 1);
      expect((await session.post(rpc(1, 'ping'))).status).toBe(200);
      socket.destroy();
    },
  );

  test('of a batch is cancelled alone, and all of them with their connection', async () => {
    const session = await open('2025-03-26');
    const batch = ['a', 'b', 'c'].map((id) => callOf(id, 'demo__wait', { id }));
    const opening = session.stream([...batch, callOf('now', 'demo__echo')]);
    const stream = await opening;
    await stream.until(1);
    expect(answerOf(stream, 0).id).toBe('now');
    await session.post(cancelOf('b'));
    await eventually(() => door.dispatcher.cancelled.length === 1);
    stream.cut();
    await eventually(() => door.dispatcher.cancelled.length === 3);
    expect(cancelledIds()).toEqual(['b', 'a', 'c']);
  });

  test('is cancelled when its session is ended, and its POST says that there is none', async () => {
    const session = await open();
    const [pending] = await waiting(session, [1]);
    const stream = await session.listen();
    expect((await session.end()).status).toBe(200);
    expect(await pending).toMatchObject({ status: 404 });
    expect(await stream.closed).toBe(true);
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect((await session.post(rpc(1, 'ping'))).status).toBe(404);
    expect((await session.end()).status).toBe(404);
  });

  test('is not cancelled when only the stream of its session closes', async () => {
    const session = await open();
    const [pending] = await waiting(session, [1]);
    const stream = await session.listen();
    stream.cut();
    expect((await session.post(rpc(2, 'ping'))).status).toBe(200);
    expect(cancelledIds()).toEqual([]);
    await session.end();
    await pending;
  });

  test('whose reader is too slow is cut and cancelled; the session goes on', async () => {
    const session = await open();
    const args = { total: 1e6, length: 65_536 };
    const stream = await session.stream(callOf(1, 'demo__count', args, { _meta: { progressToken: 1 } }));
    stream.pause();
    await eventually(() => door.dispatcher.requests[0]?.signal?.aborted === true);
    expect((await session.post(rpc(1, 'ping'))).status).toBe(200);
  });
});
