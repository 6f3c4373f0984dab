// `smcp stdio` with SMCP_URL and SMCP_TOKEN: what a client sees of a server that it reaches over HTTP, in both eras.

import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseExactJson } from '#base/exact-json.ts';
import { LIMITS } from '#base/limits.ts';
import { serveRemotely } from '#cli/stdio-remote.ts';
import type { McpClient } from '#test/gateway/clients.ts';
import { ATHENA, openDoor, type TestDoor } from '#test/gateway/fakes.ts';
import { eventually } from '#test/gateway/http.ts';
import { LINE_CLIENTS } from './clients.ts';
import { initialize, rpc, stateless } from './door.ts';
import { createPipedClient, type PipedClient } from './piped-client.ts';

type Bridge = PipedClient & {
  readonly said: string[];
  readonly stop: () => void;
  readonly ended: Promise<number | { readonly code: string; readonly message: string }>;
};

let door: TestDoor;
let bridges: Bridge[] = [];
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  for (const bridge of bridges) bridge.stop();
  await Promise.all(bridges.map(({ ended }) => ended));
  bridges = [];
  await door.gateway.close();
});

function startBridge(token = 'athena-token', url = door.url): Bridge {
  const piped = createPipedClient();
  const stop = new AbortController();
  const said: string[] = [];
  const say = (sentence: string) => void said.push(sentence);
  const served = serveRemotely(piped.client, { server: { url, token }, stop: stop.signal, say });
  const bridge = { ...piped, said, stop: () => stop.abort(), ended: served.catch((thrown) => thrown) };
  bridges.push(bridge);
  return bridge;
}

const ask = (bridge: Bridge, message: { readonly id: unknown }) => {
  bridge.send(message);
  return bridge.find(({ id, method }) => id === message.id && method === undefined);
};
const echo = (id: unknown, text = 'hello') => stateless(id, 'tools/call', { name: 'demo__echo', arguments: { text } });
const echoed = (text = 'hello') => ({ result: { structuredContent: { agent: 'athena', args: { text } } } });

describe.each(LINE_CLIENTS)('$title', ({ connect }) => {
  let bridge: Bridge;
  let client: McpClient;
  let changes = 0;
  beforeEach(async () => {
    changes = 0;
    bridge = startBridge();
    const onToolsChanged = () => {
      changes += 1;
    };
    client = await connect(bridge.transport(), { onToolsChanged });
  });

  test('lists and calls as the agent of the token', async () => {
    expect(client.name()).toBe('smcp');
    const { tools } = await client.list();
    expect(tools.map(({ name }) => name)).toContain('demo__echo');
    const result = await client.call({ name: 'demo__echo', arguments: { text: 'é' } });
    expect(result).toMatchObject({ structuredContent: { agent: 'athena', args: { text: 'é' } } });
    expect(door.dispatcher.requests[0]).toMatchObject({ agent: 'athena', door: 'mcp' });
  });

  test('is denied with the rule, and is told of unknown tools', async () => {
    const result = await client.call({ name: 'demo__forbidden', arguments: {} });
    expect(result).toMatchObject({ isError: true, structuredContent: { error: { code: 'DENIED' } } });
    await expect(client.call({ name: 'demo__nothing', arguments: {} })).rejects.toThrow('unknown tool');
  });

  test('hears of progress', async () => {
    const heard: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void heard.push(progress);
    await client.call({ name: 'demo__count', arguments: { total: 3 } }, { onprogress });
    expect(heard).toEqual([1, 2, 3]);
  });

  test('cancels a call', async () => {
    const controller = new AbortController();
    const call = client.call({ name: 'demo__wait', arguments: {} }, { signal: controller.signal });
    await eventually(() => door.dispatcher.requests.length === 1);
    controller.abort();
    await expect(call).rejects.toThrow();
    await eventually(() => door.dispatcher.cancelled.length === 1);
  });

  test('is told when its tools have changed', async () => {
    await client.list();
    // A session hears of it on a stream that opens later than its first answers; what changes before is not told.
    let isFew = false;
    await eventually(() => {
      isFew = !isFew;
      door.policy.grant(ATHENA, isFew ? new Set(['demo__text']) : 'demo');
      return changes > 0;
    });
    expect(changes).toBeGreaterThan(0);
  });

  test('cancels its calls when its input ends, and leaves no session', async () => {
    const call = client.call({ name: 'demo__wait', arguments: {} }).catch(() => 'lost');
    await eventually(() => door.dispatcher.requests.length === 1);
    await client.close();
    expect(await bridge.ended).toBe(0);
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect(await call).toBe('lost');
  });

  test('is told at once when the token is revoked, and the bridge ends', async () => {
    door.authenticator.tokens.delete('athena-token');
    await expect(client.call({ name: 'demo__echo', arguments: {} })).rejects.toThrow('SMCP_TOKEN');
    expect(await bridge.ended).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(door.dispatcher.requests).toEqual([]);
  });
});

describe('the bridge', () => {
  test.each(['2025-03-26', '2025-06-18', '2025-11-25'])('opens sessions of %s', async (version) => {
    const bridge = startBridge();
    expect(await ask(bridge, initialize(version))).toMatchObject({ result: { protocolVersion: version } });
    bridge.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    const call = { name: 'demo__echo', arguments: { text: 'hello' } };
    expect(await ask(bridge, rpc(1, 'tools/call', call))).toMatchObject(echoed());
  });

  test('answers a conversation that was written at once, in the session that it opens', async () => {
    const bridge = startBridge();
    bridge.send(initialize('2025-06-18'));
    bridge.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    bridge.send(rpc(1, 'tools/list'));
    bridge.send(rpc(2, 'ping'));
    bridge.stdin.end();
    expect(await bridge.ended).toBe(0);
    expect(bridge.lines.map(({ id, error }) => [id, error]).toSorted()).toEqual([
      [1, undefined],
      [2, undefined],
      ['init', undefined],
    ]);
  });

  test.each([
    ['an unknown token', 'wrong', 'UNAUTHENTICATED', 401],
    ['an admin token', 'admin-token', 'FORBIDDEN', 403],
  ])('with %s answers the first request with why, and ends', async (_what, token, code) => {
    const bridge = startBridge(token);
    expect(await ask(bridge, initialize('2025-06-18'))).toMatchObject({ error: { code: -32001, data: { code } } });
    expect(await bridge.ended).toMatchObject({ code });
  });

  test.each(['', 'no address', 'file:///etc/passwd', '127.0.0.1:8000'])('refuses %j as an address', async (url) => {
    expect(await startBridge('athena-token', url).ended).toMatchObject({ code: 'USAGE' });
  });

  test.each(['/', '/mcp', '/mcp/'])('takes the address with %s at its end', async (end) => {
    expect(await ask(startBridge('athena-token', `${door.url}${end}`), echo(1))).toMatchObject(echoed());
  });

  test('to nobody answers the first request with why, and ends', async () => {
    await door.gateway.close();
    const bridge = startBridge();
    expect(await ask(bridge, echo(1))).toMatchObject({ error: { data: { code: 'SERVER_UNAVAILABLE' } } });
    expect(await bridge.ended).toMatchObject({ code: 'SERVER_UNAVAILABLE' });
  });

  test('goes on with a server that was away, and opens the session anew that it has forgotten', async () => {
    const bridge = startBridge();
    await ask(bridge, initialize('2025-06-18'));
    bridge.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    await ask(bridge, rpc(1, 'tools/list'));
    await door.gateway.close();
    const call = { name: 'demo__echo', arguments: { text: 'hello' } };
    const lost = await ask(bridge, rpc(2, 'tools/call', call));
    expect(lost).toMatchObject({ error: { data: { code: 'SERVER_UNAVAILABLE' } } });
    expect(bridge.said).toEqual([expect.stringContaining('the next request will try again')]);
    door = await openDoor({ port: door.port });
    const answers = await Promise.all([3, 4, 5].map((id) => ask(bridge, rpc(id, 'tools/call', call))));
    for (const answer of answers) expect(answer).toMatchObject(echoed());
    expect(bridge.lines.filter(({ id }) => typeof id === 'string')).toHaveLength(1);
  });

  test('goes on without a session, too, and calls that were under way are said to be lost', async () => {
    const bridge = startBridge();
    await ask(bridge, echo(1));
    bridge.send(stateless(2, 'tools/call', { name: 'demo__wait', arguments: {} }));
    await eventually(() => door.dispatcher.requests.length === 2);
    await door.gateway.close();
    const lost = await bridge.find(({ id }) => id === 2);
    expect(lost['error']).toMatchObject({ data: { code: expect.stringMatching(/INTERRUPTED|SERVER_UNAVAILABLE/) } });
    door = await openDoor({ port: door.port });
    expect(await ask(bridge, echo(3))).toMatchObject(echoed());
  });

  test('has as many requests under way as a connection may, and refuses the next by its id', async () => {
    const bridge = startBridge();
    await ask(bridge, echo('first'));
    for (let id = 0; id < LIMITS.requestsPerSessionMax; id += 1) {
      bridge.send(stateless(id, 'tools/call', { name: 'demo__wait', arguments: {} }));
    }
    const over = await ask(bridge, echo('over'));
    expect(over).toMatchObject({ error: { data: { code: 'QUEUE_FULL' } } });
  });

  test('gives what the server refuses in its own words', async () => {
    const bridge = startBridge();
    expect(await ask(bridge, stateless(1, 'no/such'))).toMatchObject({
      id: 1,
      error: { code: -32601, data: { code: 'NOT_FOUND' } },
    });
    expect(await ask(bridge, rpc(2, 'tools/list'))).toMatchObject({ error: expect.any(Object) });
    expect(await ask(bridge, echo(3))).toMatchObject(echoed());
  });
});

describe('a server that means harm', () => {
  /** Answers every POST like this. */
  const hostile = async (contentType: string, chunk: string, isEndless: boolean) => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': contentType });
      response.on('error', () => {});
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      if (!isEndless) response.end(chunk);
      else {
        response.on('drain', more);
        more();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const close = () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      });
    return { url: `http://127.0.0.1:${port}`, close };
  };

  test.each([
    ['a document without end', 'application/json', '['.repeat(65_536), true],
    ['an event without end', 'text/event-stream', `data: ${'x'.repeat(65_536)}\n`, true],
    ['no JSON', 'application/json', '<html>', false],
    ['no message', 'application/json', '{"id":1}', false],
    ['another kind of document', 'text/html', '<html>', false],
  ])('fills no memory and ends nothing else: %s', async (_what, contentType, chunk, isEndless) => {
    const { url, close } = await hostile(contentType, chunk, isEndless);
    try {
      const bridge = startBridge('athena-token', url);
      const answer = await ask(bridge, echo(1));
      expect(answer).toMatchObject({ error: { data: { code: expect.stringMatching(/UNAVAILABLE|INTERRUPTED/) } } });
    } finally {
      await close();
    }
  });

  test('is not followed to another address with the token', async () => {
    const seen: (string | undefined)[] = [];
    const elsewhere = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const address = elsewhere.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(307, { location: `http://127.0.0.1:${port}/mcp` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const own = server.address();
    try {
      const bridge = startBridge('athena-token', `http://127.0.0.1:${typeof own === 'object' ? own?.port : 0}`);
      expect(await ask(bridge, echo(1))).toMatchObject({ error: { data: { code: 'SERVER_UNAVAILABLE' } } });
      expect(seen).toEqual([]);
    } finally {
      server.close();
      elsewhere.close();
    }
  });
});

test('the arguments of a call reach the server as they were spelled', async () => {
  const bridge = startBridge();
  const args = parseExactJson('{"n":9007199254740993,"f":5.0}');
  bridge.send(stateless(1, 'tools/call', { name: 'demo__echo', arguments: args }));
  await eventually(() => door.dispatcher.requests.length > 0);
  expect(JSON.stringify(door.dispatcher.requests[0]?.args)).toBe('{"n":9007199254740993,"f":5.0}');
});
