// `subscriptions/listen` of 2026-07-28 on the wire.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { ATHENA, HERMES, openDoor, type TestDoor } from './fakes.ts';
import { type OpenStream, openStreamed, type RawRequest, send, stateless } from './http.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.gateway.close());

const ASKED = { notifications: { toolsListChanged: true } };
const listen = (params: { [key: string]: unknown } = ASKED, id: unknown = 'l1') =>
  stateless('subscriptions/listen', params, id);
const messagesOf = (stream: OpenStream) => stream.events.map(({ data }) => JSON.parse(data));
const stamp = (id: unknown) => ({ 'io.modelcontextprotocol/subscriptionId': id });

test.each(['l1', 7])('says first what it will tell of, under the id of the request (%j)', async (id) => {
  const stream = await openStreamed(door.url, listen(ASKED, id));
  await stream.until(1);
  expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  expect(messagesOf(stream)).toEqual([
    {
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { toolsListChanged: true }, _meta: stamp(id) },
    },
  ]);
});

test("tells when the agent's tools have changed, and not of changes that it does not see", async () => {
  const [mine, theirs] = await Promise.all([
    openStreamed(door.url, listen()),
    openStreamed(door.url, withToken(listen(), 'hermes-token')),
  ]);
  await Promise.all([mine.until(1), theirs.until(1)]);
  door.policy.grant(HERMES, new Set(['demo__text']));
  await theirs.until(2);
  // Told, though nothing changed for anyone.
  door.policy.tell();
  door.policy.grant(ATHENA, new Set());
  await mine.until(2);
  const changed = { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta: stamp('l1') } };
  expect([messagesOf(mine).slice(1), messagesOf(theirs).slice(1)]).toEqual([[changed], [changed]]);
});

test('leaves out what this server does not tell of, and ends when nothing is left', async () => {
  const both = await openStreamed(
    door.url,
    listen({ notifications: { toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: ['x:y'] } }),
  );
  await both.until(1);
  expect(messagesOf(both)[0].params.notifications).toEqual({ toolsListChanged: true });
  for (const notifications of [{}, { toolsListChanged: false }, { promptsListChanged: true }]) {
    const none = await openStreamed(door.url, listen({ notifications }));
    expect(await none.closed).toBe(true);
    expect(messagesOf(none)).toMatchObject([
      { params: { notifications: {}, _meta: stamp('l1') } },
      { id: 'l1', result: { resultType: 'complete', _meta: stamp('l1') } },
    ]);
  }
});

test('ends with its result when the server closes, and at once when its token was revoked', async () => {
  const [first, second] = [await openStreamed(door.url, listen()), await openStreamed(door.url, listen())];
  await Promise.all([first.until(1), second.until(1)]);
  door.authenticator.tokens.set('athena-token', {
    principal: { kind: 'agent', agent: HERMES, tokenId: 'another' },
  });
  door.authenticator.tell();
  expect(await first.closed).toBe(false);
  const third = await openStreamed(door.url, listen());
  await third.until(1);
  await door.gateway.close();
  expect(await third.closed).toBe(true);
  expect([messagesOf(first), messagesOf(third)]).toMatchObject([
    [{ method: 'notifications/subscriptions/acknowledged' }],
    [{ method: 'notifications/subscriptions/acknowledged' }, { id: 'l1', result: { resultType: 'complete' } }],
  ]);
});

describe('is refused', () => {
  test.each([
    ['without a filter', {}, 1],
    ['with a filter that is none', { notifications: 'all' }, 1],
    ['with a filter of another kind', { notifications: { toolsListChanged: 'yes' } }, 1],
    ['with an id too long', ASKED, 'x'.repeat(LIMITS.requestIdLengthMax + 1)],
  ])('%s', async (_what, params, id) => {
    const answer = await send(door.url, listen(params, id));
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('when its headers say another method', async () => {
    const request = listen();
    const headers = { ...request.headers, 'mcp-method': 'tools/list' };
    expect((await send(door.url, { ...request, headers })).status).toBe(400);
  });
});

function withToken(request: RawRequest, token: string): RawRequest {
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}
