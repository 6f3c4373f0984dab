// The one table of denials over every door of a whole server, with every client: its own policy, dispatcher and log deny, and
// what is newest in the log says so. (Over each door by itself it runs in test/gateway and test/stdio.)

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectOptions, HTTP_CLIENTS, type McpClient } from '#test/gateway/clients.ts';
import {
  CALL_DENIALS,
  DENIALS,
  type Denial,
  GOVERNED_DENIALS,
  observe,
  SCOPE_DENIALS,
  TOKEN_DENIALS,
  type TokenKind,
} from '#test/gateway/denials.ts';
import { LINE_CLIENTS, type LineClient, socketTransport } from '#test/stdio/clients.ts';
import { openConnection } from '#test/stdio/door.ts';
import { connectToAdminApi } from './admin-call.ts';
import { ALLOWED, type DenialServer, openDenialServer, type Who } from './denial-world.ts';

const WHO = ['athena', 'hera'] as const;
type Tokens = { readonly [kind in TokenKind]: string | undefined };

let server: DenialServer;
/** As a person issued them, and as an agent has them for its sub-agents. */
let tokens: { readonly [who in Who]: Tokens };
let below: Tokens;

beforeAll(async () => {
  server = await openDenialServer();
  tokens = { athena: await server.tokensOf('athena'), hera: await server.tokensOf('hera') };
  below = await server.tokensBelow('athena');
});
afterEach(() => server.thaw());
afterAll(() => server.close());

type Connect = (options: ConnectOptions) => Promise<McpClient>;

/** A world whose client shows the token of this kind. */
const showing = (who: Who, connect: Connect) =>
  server.worldOf(who, (kind) => connect({ url: server.app.url, token: tokens[who][kind] }));

const greeting = (who: Who, { connect }: LineClient) =>
  server.worldOf(who, async () => {
    const connection = await openConnection(server.home.socket);
    await connection.greet(who);
    return connect(socketTransport(connection));
  });

describe('with the token of a sub-agent', () => {
  describe.each(HTTP_CLIENTS)('over $title', ({ door, connect }) => {
    const world = () => server.worldOf('athena', (kind) => connect({ url: server.app.url, token: below[kind] }));

    test.each([...DENIALS, ...GOVERNED_DENIALS, ...SCOPE_DENIALS])('$title', (denial) =>
      server.check('athena', world(), { door, denial, more: { token: { actors: ['helper'] } } }),
    );

    test('and the same client is answered when nothing denies it', async () => {
      expect(await observe(world(), ALLOWED)).toEqual({ where: 'none' });
    });
  });
});

/** Whose tools are called: those of plugins, or the server's own. */
const KINDS = [
  { kind: 'tools of plugins', who: WHO[0] },
  { kind: "the server's own tools", who: WHO[1] },
] as const;

describe.each(KINDS)('$kind', ({ who }) => {
  describe.each(HTTP_CLIENTS)('over $title', ({ door, connect }) => {
    test.each([...DENIALS, ...GOVERNED_DENIALS, ...SCOPE_DENIALS])('$title', (denial) =>
      server.check(who, showing(who, connect), { door, denial }),
    );

    test('and the same client is answered when nothing denies it', async () => {
      expect(await observe(showing(who, connect), ALLOWED)).toEqual({ where: 'none' });
    });
  });

  describe.each(LINE_CLIENTS)('through the socket of the home with $title', (client) => {
    test.each([...CALL_DENIALS, ...GOVERNED_DENIALS])('$title', (denial) =>
      server.check(who, greeting(who, client), { door: 'stdio', denial }),
    );

    test('and the same client is answered when nothing denies it', async () => {
      expect(await observe(greeting(who, client), ALLOWED)).toEqual({ where: 'none' });
    });
  });
});

describe('over the admin API', () => {
  const world = () => showing('hera', connectToAdminApi);

  /** A route is there or not, an administrator may use it, and a request has no `_meta`. Arguments in another form are refused as such. */
  const isOfRoutes = ({ token, call, first, expected }: Denial): boolean =>
    token !== 'admin' &&
    call.meta === undefined &&
    first === undefined &&
    call.tool !== 'invented' &&
    call.tool !== 'missing' &&
    !(typeof call.args === 'object' && expected.code === 'ARGUMENTS_INVALID') &&
    !(token === 'stray' && expected.where === 'door');

  const taken = [...TOKEN_DENIALS, ...CALL_DENIALS, ...GOVERNED_DENIALS, ...SCOPE_DENIALS].filter(isOfRoutes);

  test.each(taken)('$title', (denial) => server.check('hera', world(), { door: 'admin', denial }));

  test("a token whose scopes have another door's name only is refused, by a record too", async () => {
    const denial: Denial = {
      ...{ title: '', token: 'stray', call: { tool: 'granted' }, isRecorded: true },
      expected: { where: 'result', code: 'INSUFFICIENT_SCOPE', rule: 'token-scope' },
    };
    await server.check('hera', world(), { door: 'admin', denial });
  });

  test('and the same client is answered when nothing denies it', async () => {
    expect(await observe(world(), ALLOWED)).toEqual({ where: 'none' });
  });
});
