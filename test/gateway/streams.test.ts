// What stays open is bounded, whatever door it came through: streams of SSE, sessions of /mcp and subscriptions share one
// room. Sessions that clients leave behind make way; what is in use does not.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { agentName, HERMES, openDoor, type TestDoor } from './fakes.ts';
import { BEARER, errorCode, eventually, JSON_TYPE, openStream, openStreamed, send, stateless } from './http.ts';
import { ACCEPT_BOTH, callOf, cancelOf, initializeOf, openSession, postMcp, type RawSession, rpc } from './session.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.gateway.close());

const HERMES_BEARER = { authorization: 'Bearer hermes-token' };
const listen = (filter: unknown = { toolsListChanged: true }) =>
  stateless('subscriptions/listen', { notifications: filter }, 'l');

/** Everything that takes a place, and how to ask for one more. */
const KINDS: readonly (readonly [string, () => Promise<{ cut: () => void }>, () => ReturnType<typeof send>])[] = [
  ['streams of SSE', () => openStream(door.url), () => send(door.url, { path: '/sse', headers: BEARER })],
  ['subscriptions', () => openStreamed(door.url, listen()), () => send(door.url, listen())],
  [
    'sessions with a stream',
    async () => (await openSession(door.url)).listen(),
    () => postMcp(door.url, initializeOf(), { ...BEARER, ...ACCEPT_BOTH }),
  ],
];

describe.each(KINDS)('%s', (_title, open, askForOneMore) => {
  test('are bounded for one agent, without shutting another out, and give their places back', async () => {
    const opened: { cut: () => void }[] = [];
    for (let index = 0; index < LIMITS.sessionsPerAgentMax; index++) opened.push(await open());
    const refused = await askForOneMore();
    expect([refused.status, errorCode(refused)]).toEqual([429, 'SESSION_LIMIT']);
    expect((await openStream(door.url, '/sse', HERMES_BEARER)).status).toBe(200);
    opened[0]?.cut();
    let status = 429;
    while (status === 429) {
      const stream = await openStream(door.url);
      status = stream.status;
    }
    expect(status).toBe(200);
  });
});

test('a thousand idle streams are as many as there may be; they cost no call its place', async () => {
  const agents = LIMITS.sessionsMax / LIMITS.sessionsPerAgentMax;
  for (let index = 0; index < agents; index++) {
    const principal = { kind: 'agent', agent: agentName(`a${index}`), tokenId: `a${index}` } as const;
    door.authenticator.tokens.set(`token-${index}`, { principal });
    const headers = { 'x-api-key': `token-${index}` };
    const streams = Array.from({ length: LIMITS.sessionsPerAgentMax }, () => openStream(door.url, '/sse', headers));
    expect((await Promise.all(streams)).every(({ status }) => status === 200)).toBe(true);
  }
  for (const [, , askForOneMore] of KINDS) {
    const refused = await askForOneMore();
    expect([refused.status, errorCode(refused)]).toEqual([429, 'SESSION_LIMIT']);
  }
  const answer = await send(door.url, stateless('tools/call', { name: 'demo__echo', arguments: {} }));
  expect(answer.status).toBe(200);
});

describe('sessions that are opened and left behind', () => {
  const ping = (session: RawSession) => session.post(rpc(1, 'ping')).then(({ status }) => status);

  test('make way, the one that rests longest first, whenever their agent opens another', async () => {
    const sessions: RawSession[] = [];
    for (let index = 0; index < LIMITS.sessionsPerAgentMax; index++) sessions.push(await openSession(door.url));
    const [first, second, third] = sessions;
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few sessions');
    await ping(first);
    for (let index = 0; index < 2; index++) await openSession(door.url);
    expect([await ping(first), await ping(second), await ping(third)]).toEqual([200, 404, 404]);
  });

  test('three times as many as there may be leave room for another agent, and for those in use', async () => {
    const used = await openSession(door.url);
    const pending = used.post(callOf(7, 'demo__wait')).catch(() => {});
    await eventually(() => door.dispatcher.requests.length === 1);
    const heard = await openSession(door.url);
    await heard.listen();
    const theirs = await openSession(door.url, { token: HERMES_BEARER });
    for (let index = 0; index < 3 * LIMITS.sessionsPerAgentMax; index++) await openSession(door.url);
    expect([await ping(used), await ping(heard), await ping(theirs)]).toEqual([200, 200, 200]);
    expect(door.dispatcher.cancelled).toEqual([]);
    await used.end();
    await pending;
  });

  test('are ended when they were idle for too long; a stream keeps one alive', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      const [idle, heard] = [await openSession(door.url), await openSession(door.url)];
      await heard.listen();
      vi.advanceTimersByTime(LIMITS.sessionIdleMsMax - LIMITS.sessionSweepMs);
      expect(await ping(idle)).toBe(200);
      vi.advanceTimersByTime(LIMITS.sessionIdleMsMax - LIMITS.sessionSweepMs);
      expect(await ping(idle)).toBe(200);
      vi.advanceTimersByTime(LIMITS.sessionIdleMsMax + LIMITS.sessionSweepMs);
      expect([await ping(idle), await ping(heard)]).toEqual([404, 200]);
    } finally {
      vi.useRealTimers();
    }
  });
});

test('what one agent has under way on streams of SSE is bounded in bytes, and others still ask', async () => {
  const address = async (headers: { [name: string]: string }) => {
    const stream = await openStream(door.url, '/sse', headers);
    await stream.until(1);
    return stream.events[0]?.data ?? '';
  };
  const post = (path: string, message: unknown, headers: { [name: string]: string } = BEARER) =>
    send(door.url, { method: 'POST', path, headers: { ...headers, ...JSON_TYPE }, body: JSON.stringify(message) });
  // Small arguments, and much beside them.
  const padding = 'x'.repeat(LIMITS.bodyBytesMax - 1024);
  const large = (id: number) => callOf(id, 'demo__wait', {}, { _meta: { padding } });
  const paths = [await address(BEARER), await address(BEARER)];
  const statuses: number[] = [];
  for (let id = 0; statuses.at(-1) !== 429; id++) statuses.push((await post(paths[id % 2] ?? '', large(id))).status);
  expect(statuses.length).toBeLessThanOrEqual(LIMITS.receivingPerCallerBytesMax / (LIMITS.bodyBytesMax - 1024));
  expect((await post(await address(HERMES_BEARER), large(1), HERMES_BEARER)).status).toBe(202);
  // A cancelled call gives its room back.
  await post(paths[0] ?? '', cancelOf(0));
  expect((await post(paths[0] ?? '', large(0))).status).toBe(202);
});

describe('news of changed tools', () => {
  test('waits in a session for the stream that comes next, and is told once', async () => {
    const session = await openSession(door.url, { token: HERMES_BEARER });
    door.policy.grant(HERMES, 'demo');
    await eventually(() => door.policy.mayCall(HERMES, 'demo__text', 0));
    const stream = await session.listen();
    await stream.until(1);
    door.policy.grant(HERMES, new Set());
    await stream.until(2);
    expect(stream.events.map(({ data }) => JSON.parse(data))).toEqual(
      Array.from({ length: 2 }, () => ({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })),
    );
  });

  test('goes to the newest stream of a session; the one before it ends', async () => {
    const session = await openSession(door.url, { token: HERMES_BEARER });
    const [first, second] = [await session.listen(), await session.listen()];
    expect(await first.closed).toBe(true);
    door.policy.grant(HERMES, 'demo');
    await second.until(1);
    expect([first.events, second.events.length]).toEqual([[], 1]);
  });
});
