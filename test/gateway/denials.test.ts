// The one table of denials over every door of HTTP, with every client.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConnectOptions, HTTP_CLIENTS, type McpClient } from './clients.ts';
import {
  CALL_DENIALS,
  DENIALS,
  type DenialWorld,
  expectedOf,
  observe,
  TOKEN_DENIALS,
  type TokenKind,
} from './denials.ts';
import { ATHENA, openDoor, type TestDoor } from './fakes.ts';
import { errorCode, send, stateless } from './http.ts';
import { ACCEPT_BOTH, initializeOf, postMcp } from './session.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openDoor();
  door.authenticator.tokens.delete('athena-second');
});
afterEach(() => door.gateway.close());

const TOKENS: { readonly [kind in TokenKind]: string | undefined } = {
  good: 'athena-token',
  none: undefined,
  unknown: 'nobody',
  revoked: 'athena-second',
  expired: 'expired-token',
  admin: 'admin-token',
  stray: undefined,
};

function worldOf(connect: (options: ConnectOptions) => Promise<McpClient>): DenialWorld {
  return {
    connect: (token) => connect({ url: door.url, token: TOKENS[token] }),
    freeze: () => void door.dispatcher.frozen.add(ATHENA),
    tools: {
      granted: 'demo__echo',
      ungranted: 'demo__forbidden',
      invented: 'nobody__tool',
      missing: 'demo__none',
      forbidden: 'demo__drop',
      asking: 'demo__ask',
      limited: 'demo__full',
    },
    args: { good: { text: 'a' }, other: { text: 'b' }, bad: { text: 7 } },
  };
}

describe.each(HTTP_CLIENTS)('over $title', ({ connect }) => {
  test.each(DENIALS)('$title', async (denial) => {
    expect(await observe(worldOf(connect), denial)).toEqual(expectedOf(denial));
    const before = denial.first === undefined ? 0 : 1;
    expect(door.dispatcher.requests.length - before).toBe(denial.isRecorded ? 1 : 0);
  });

  test('and the same client is answered when nothing denies it', async () => {
    const [denial] = CALL_DENIALS;
    if (denial === undefined) throw new Error('no denial');
    expect(await observe(worldOf(connect), { ...denial, call: { tool: 'granted' } })).toEqual({ where: 'none' });
  });
});

describe('on the wire', () => {
  test.each(TOKEN_DENIALS)('the door says the same, by code, wherever it is asked: $title', async (denial) => {
    const token = TOKENS[denial.token];
    const own = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const { authorization: _, ...headers } = stateless('tools/list').headers ?? {};
    const answers = [
      await send(door.url, { path: '/sse', headers: own }),
      await postMcp(door.url, initializeOf(), { ...own, ...ACCEPT_BOTH }),
      await send(door.url, { path: '/mcp', headers: { ...own, ...ACCEPT_BOTH } }),
      await send(door.url, { ...stateless('tools/list'), headers: { ...headers, ...own } }),
    ];
    const { status, code } = denial.expected as { status: number; code: string };
    expect(answers.map((answer) => [answer.status, errorCode(answer)])).toEqual(answers.map(() => [status, code]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });
});
