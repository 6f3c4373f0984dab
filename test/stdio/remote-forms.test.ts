// Forms that a server over HTTP shows to a client behind `smcp stdio` with SMCP_URL, in both eras.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serveRemotely } from '#cli/stdio-remote.ts';
import { openDoor, type TestDoor } from '#test/gateway/fakes.ts';
import { LINE_CLIENTS } from './clients.ts';
import { createPipedClient } from './piped-client.ts';

let door: TestDoor;
const stop = { now: new AbortController(), ended: Promise.resolve<unknown>(undefined) };
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  stop.now.abort();
  await stop.ended;
  await door.gateway.close();
});

describe.each(LINE_CLIENTS)('$title', ({ connect }) => {
  test('is shown the form of a call that waits to be approved, and its answer comes back', async () => {
    const piped = createPipedClient();
    stop.now = new AbortController();
    const server = { url: door.url, token: 'athena-token' };
    stop.ended = serveRemotely(piped.client, { server, stop: stop.now.signal, say: () => {} }).catch(() => {});
    const shown: string[] = [];
    const client = await connect(piped.transport(), {
      onForm: (message) => {
        shown.push(message);
        return { action: 'accept', content: { approve: true } };
      },
    });
    const result = await client.call({ name: 'demo__ask', arguments: {} });
    expect(shown).toEqual([expect.stringContaining('demo__ask')]);
    expect(result).not.toHaveProperty('isError', true);
    expect(door.dispatcher.requests.map(({ asserted }) => asserted)).toEqual([
      undefined,
      { id: '0123456789abcdef', isApproved: true },
    ]);
    await client.close();
  });
});
