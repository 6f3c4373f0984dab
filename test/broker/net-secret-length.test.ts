// A plugin tries to find out how long a secret is: it fills up whatever has a bound, with a real host that says again what it was sent,
// and looks where the bound is reached. Each way is tried once more where nothing is taken out of answers, and there the length shows.

import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createRawServer, type Server as RawServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import { parseTarget } from '#domain/net-target.ts';
import { createNetEffect } from '#effects/net/net-effect.ts';
import { createGivenSecrets } from '#secrets/given-secrets.ts';
import { createKeptMasks } from '#secrets/kept-masks.ts';

const servers: (Server | RawServer)[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listening(server: Server | RawServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { readonly port: number }).port;
}
const serve = (listener: RequestListener, options = {}) => listening(createServer(options, listener));

const keyOf = (length: number) => 'kZ7q'.repeat(length).slice(0, length);

/** Fetches as a plugin that was given a secret of this length for the host. */
function fetcher(port: number, length: number, { isMasked = true } = {}) {
  const net = createNetEffect({ logger: silentLogger }, { privateHosts: [], loopbackHosts: ['127.0.0.1'] });
  const entries = [{ name: 'KEY', hosts: ['127.0.0.1'], header: 'Authorization' }];
  const given = createGivenSecrets(async () => keyOf(length), entries);
  const session = createBroker({ clock: systemClock, logger: silentLogger, effects: { net } }).open({
    ...{ plugin: 'p', tool: 'p__t', agent: 'a' as never, invocation: 'i', hostCallsMax: LIMITS.hostCallsMax },
    capabilities: { net: [{ host: '127.0.0.1', ports: [port], methods: ['GET', 'POST'] }], secrets: entries },
    secrets: isMasked ? given : { ...given, mask: () => undefined },
  });
  return async (path: string, more: JsonObject = {}): Promise<string> => {
    const params: Json = { url: `http://127.0.0.1:${port}${path}`, ...more };
    try {
      const answer = await session.handle({ name: 'fetch', params }, new AbortController().signal);
      return String((answer as JsonObject)['status']);
    } catch (thrown) {
      return (thrown as { readonly code: string }).code;
    }
  };
}

/** The least filling with which the outcome is another one than with `from`, between the two. */
async function edge(from: number, to: number, outcome: (filling: number) => Promise<string>): Promise<number> {
  const first = await outcome(from);
  let [low, high] = [from, to];
  if ((await outcome(high)) === first) return Number.NaN;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((await outcome(middle)) === first) low = middle;
    else high = middle;
  }
  return high;
}

type Way = {
  readonly listener: RequestListener;
  readonly from: number;
  readonly to: number;
  readonly ask: (filling: number) => readonly [path: string, more?: JsonObject];
};

async function bodyOf(request: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Says the key, and three times what was sent. */
const echoBody =
  (isAnnounced: boolean): RequestListener =>
  async (request, response) => {
    const sent = await bodyOf(request);
    const said = Buffer.concat([Buffer.from(request.headers.authorization ?? ''), sent, sent, sent]);
    if (isAnnounced) response.setHeader('content-length', said.length);
    response.end(said);
  };

const post = (filling: number): readonly [string, JsonObject] => [
  '/',
  { method: 'POST', body: { text: 'x'.repeat(filling) } },
];

const WAYS: Readonly<Record<string, Way>> = {
  'the bound of an announced body': { listener: echoBody(true), from: 200_000, to: 240_000, ask: post },
  'the bound of a body in chunks': { listener: echoBody(false), from: 200_000, to: 240_000, ask: post },
  'the bound of a head': {
    listener: ({ headers }, response) => {
      response.setHeader('x-key', headers.authorization ?? '');
      for (let index = 0; index < 6; index += 1) response.setHeader(`x-echo-${index}`, headers['x-own'] ?? '');
      response.end();
    },
    ...{ from: 2000, to: 3500, ask: (filling) => ['/', { headers: { 'x-own': 'x'.repeat(filling) } }] },
  },
  'the bound of a head, by a redirection that is shown': {
    listener: ({ headers, url = '' }, response) => {
      const location = `/landed?key=${headers.authorization}&again=${url.repeat(5)}`;
      response.writeHead(302, { location }).end();
    },
    ...{ from: 2000, to: 3500, ask: (filling) => [`/?${'x'.repeat(filling)}`, { redirect: 'manual' }] },
  },
};

/** Of any length that a key has, in one that a header of most servers takes. */
const LENGTHS = [16, 17, 40, 800];

describe.each(Object.entries(WAYS))('%s', (_, { listener, from, to, ask }) => {
  const edges = async (isMasked: boolean) => {
    const port = await serve(listener, { maxHeaderSize: 64 * 1024 });
    const found: number[] = [];
    for (const length of LENGTHS) {
      const fetch = fetcher(port, length, { isMasked });
      found.push(await edge(from, to, (filling) => fetch(...ask(filling))));
    }
    return found;
  };

  test('is at the same place whatever the length of the secret', async () => {
    const found = await edges(true);
    expect(found.every((at) => at > from && at <= to)).toBe(true);
    expect(new Set(found).size).toBe(1);
  });

  test('would move with the length where the answer is counted as it came', async () => {
    expect(new Set(await edges(false)).size).toBeGreaterThan(2);
  });
});

describe('a redirection with the secret in it', () => {
  const listener: RequestListener = ({ headers, url = '' }, response) => {
    if (url.startsWith('/landed')) return void response.end('here');
    response.writeHead(302, { location: `/landed?key=${headers.authorization}&again=${url}${url}` }).end();
  };
  const outcomes = async (isMasked: boolean) => {
    const port = await serve(listener, { maxHeaderSize: 64 * 1024 });
    const fetch = fetcher(port, 40, { isMasked });
    return Promise.all([10, 3000, 4000].map((filling) => fetch(`/?${'x'.repeat(filling)}`)));
  };

  test('is refused before anybody looks how long it is', async () => {
    expect(new Set(await outcomes(true))).toEqual(new Set(['FETCH_FAILED']));
  });

  test('would be followed where nothing is masked, as long as it is short enough', async () => {
    const [short, ...long] = await outcomes(false);
    expect(short).toBe('200');
    expect(new Set([short, ...long]).size).toBe(2);
  });
});

describe('the head of a request', () => {
  /** A server that takes 8 KiB, as many do. */
  const strict = () => serve((_, response) => response.end('taken'), { maxHeaderSize: 8 * 1024 });
  const headOf = (filling: number): readonly [string, JsonObject] => [
    `/?${'x'.repeat(filling >> 1)}`,
    { headers: { 'x-own': 'x'.repeat(filling - (filling >> 1)) } },
  ];

  test('can’t be filled up until the server refuses it, for secrets of up to 3 KiB', async () => {
    const port = await strict();
    const found: number[] = [];
    for (const length of [...LENGTHS, 3 * 1024]) {
      const fetch = fetcher(port, length);
      found.push(await edge(3000, 8000, (filling) => fetch(...headOf(filling))));
      expect(await fetch(...headOf(8000))).toBe('REQUEST_INVALID');
    }
    expect(new Set(found).size).toBe(1);
  });

  test('would show the length by the server’s own bound where a plugin may fill it', async () => {
    const port = await strict();
    const net = createNetEffect({ logger: silentLogger }, { privateHosts: [], loopbackHosts: ['127.0.0.1'] });
    const found: number[] = [];
    for (const length of LENGTHS) {
      const outcome = async (filling: number) => {
        const parsed = parseTarget(`http://127.0.0.1:${port}/`);
        if (parsed.kind !== 'target') throw new Error('no target');
        const headers = { 'x-own': 'x'.repeat(filling), authorization: keyOf(length) };
        const { signal } = new AbortController();
        const asked = { agent: 'a', target: parsed.target, method: 'GET', headers, body: undefined, signal };
        return String((await net.request({ ...asked, roomBytes: 0 })).status);
      };
      found.push(await edge(6000, 8190, outcome));
    }
    expect(new Set(found).size).toBe(LENGTHS.length);
  });
});

describe('an answer that says the secret again and again', () => {
  test('is refused for what it is without it, up to the room that is kept for values', async () => {
    const port = await listening(
      createRawServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (data) => {
          const [, key = ''] = /authorization: (.*)\r\n/i.exec(data.toString()) ?? [];
          const times = Math.floor(LIMITS.netSecretsRoomBytes / 800);
          socket.end(`HTTP/1.1 200 OK\r\n\r\n${`${key} `.repeat(times)}`);
        });
      }),
    );
    const found = await Promise.all([16, 800].map((length) => fetcher(port, length)('/')));
    expect(found).toEqual(['200', '200']);
  });
});

describe('the mask of the values of a call', () => {
  test('is made once for all calls with these values: the time that it takes tells nothing to later ones', () => {
    const maskOf = createKeptMasks();
    const first = maskOf([keyOf(40)], []);
    expect(maskOf([keyOf(40)], [])).toBe(first);
    expect(maskOf([keyOf(41)], [])).not.toBe(first);
    expect(maskOf([keyOf(40)], [keyOf(40)])).not.toBe(first);
  });

  test('is forgotten when so many others were used since', () => {
    const maskOf = createKeptMasks();
    const first = maskOf([keyOf(8000)], []);
    for (let length = 8001; length < 8010; length += 1) maskOf([keyOf(length)], []);
    expect(maskOf([keyOf(8000)], [])).not.toBe(first);
  });
});
