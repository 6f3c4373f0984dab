// The one table of denials through the socket of a home, and through the bridge to a server elsewhere, with every client.
// Neither way asks for a token of its own: what the bridge says of a bad one is in remote.test.ts.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serveRemotely } from '#cli/stdio-remote.ts';
import type { McpClient } from '#test/gateway/clients.ts';
import { CALL_DENIALS, type Denial, type DenialWorld, expectedOf, observe } from '#test/gateway/denials.ts';
import { ATHENA, type fakeDispatcher, openDoor } from '#test/gateway/fakes.ts';
import { LINE_CLIENTS, type LineClient, socketTransport } from './clients.ts';
import { openSocketDoor } from './door.ts';
import { createPipedClient } from './piped-client.ts';

type Way = {
  readonly dispatcher: ReturnType<typeof fakeDispatcher>;
  readonly connect: (client: LineClient) => Promise<McpClient>;
  readonly close: () => Promise<unknown>;
};

const WAYS: readonly (readonly [string, () => Promise<Way>])[] = [
  [
    'the socket of a home',
    async () => {
      const door = await openSocketDoor();
      return {
        dispatcher: door.dispatcher,
        connect: async ({ connect }) => {
          const connection = await door.dial();
          await connection.greet('athena');
          return connect(socketTransport(connection));
        },
        close: door.remove,
      };
    },
  ],
  [
    'the bridge to an address',
    async () => {
      const door = await openDoor();
      const stop = new AbortController();
      const ended: Promise<number>[] = [];
      return {
        dispatcher: door.dispatcher,
        connect: ({ connect }) => {
          const piped = createPipedClient();
          const server = { url: door.url, token: 'athena-token' };
          ended.push(serveRemotely(piped.client, { server, stop: stop.signal, say: () => {} }));
          return connect(piped.transport());
        },
        close: async () => {
          stop.abort();
          await Promise.all(ended);
          await door.gateway.close();
        },
      };
    },
  ],
];

const worldOf = (way: Way, client: LineClient): DenialWorld => ({
  connect: () => way.connect(client),
  freeze: () => void way.dispatcher.frozen.add(ATHENA),
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
});

describe.each(WAYS)('through %s', (_way, open) => {
  let way: Way;
  beforeEach(async () => {
    way = await open();
  });
  afterEach(() => way.close());

  describe.each(LINE_CLIENTS)('with $title', (client) => {
    test.each(CALL_DENIALS)('$title', async (denial: Denial) => {
      expect(await observe(worldOf(way, client), denial)).toEqual(expectedOf(denial));
      const before = denial.first === undefined ? 0 : 1;
      expect(way.dispatcher.requests.length - before).toBe(denial.isRecorded ? 1 : 0);
    });

    test('and the same client is answered when nothing denies it', async () => {
      const [denial] = CALL_DENIALS;
      if (denial === undefined) throw new Error('no denial');
      const allowed: Denial = { ...denial, call: { tool: 'granted' } };
      expect(await observe(worldOf(way, client), allowed)).toEqual({ where: 'none' });
    });
  });
});
