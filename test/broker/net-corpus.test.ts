import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import type { ErrorCode } from '#base/errors.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import type { NetEntry } from '#domain/capability.ts';
import type { Dial } from '#effects/net/dial.ts';
import { fetchFailed } from '#effects/net/failures.ts';
import { createNetEffect } from '#effects/net/net-effect.ts';
import { names, PUBLIC, serve, type TestServer } from '#test/effects/net-world.ts';
import { type CorpusEntry, corpusText } from './corpus/net-corpus.ts';
import { openNet } from './net-session.ts';

const TEXT = readFileSync(new URL('./corpus/net.jsonl', import.meta.url), 'utf8');
const ENTRIES = TEXT.trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as CorpusEntry);
const HARMFUL = ENTRIES.filter(({ kind }) => kind !== 'harmless');
const HARMLESS = ENTRIES.filter(({ kind }) => kind === 'harmless');

const GIVEN: NetEntry = { host: 'api.example.test', paths: ['/v1/*'] };
/** What no manifest should ask, and the addresses are vetted for all the same. */
const INSIDE: readonly NetEntry[] = [
  ...['localhost', '127.0.0.1', '10.0.0.1', '192.168.1.1', '169.254.169.254', '100.100.100.200', '0.0.0.0'],
  ...['127.0.0.1.nip.io', 'localtest.me', 'metadata.google.internal', 'a.localhost', 'metadata', 'intranet'],
].map((host) => ({ host, ports: [443, 80] }));

/** The real effect, before a resolver that notes what it is asked, and a dialler that notes the address and takes no connection. */
function open(net: readonly NetEntry[]) {
  const table = Object.fromEntries(net.map(({ host }) => [host, [[host === GIVEN.host ? PUBLIC : '127.0.0.1']]]));
  const resolution = names(table);
  const dialled: string[] = [];
  const dial: Dial = async ({ host }) => {
    dialled.push(host);
    throw fetchFailed('connect', 'nobody is there');
  };
  const effect = createNetEffect({ logger: silentLogger, names: resolution, dial });
  const session = createBroker({ clock: systemClock, logger: silentLogger, effects: { net: effect } }).open({
    ...{ plugin: 'p', tool: 'p__t', agent: 'a' as never, invocation: 'i' },
    ...{ capabilities: { net }, hostCallsMax: ENTRIES.length },
  });
  const { signal } = new AbortController();
  const codeOf = async (url: string): Promise<ErrorCode | 'answered'> => {
    const call = async () => session.handle({ name: 'fetch', params: { url } }, signal);
    return call().then(
      () => 'answered',
      ({ code }) => code as ErrorCode,
    );
  };
  return { codeOf, dialled, asked: resolution.asked };
}

async function codesOf(entries: readonly CorpusEntry[], codeOf: (url: string) => Promise<string>) {
  const counts = new Map<string, number>();
  for (const { url } of entries) {
    const code = await codeOf(url);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

test('the corpus is what its generator writes, and large', () => {
  expect(TEXT === corpusText()).toBe(true);
  expect(HARMFUL.length).toBeGreaterThan(10_000);
  expect(new Set(ENTRIES.map(({ url }) => url)).size).toBe(ENTRIES.length);
});

describe('of the requests of the corpus that must not get through', () => {
  test('none is looked up or dialled, where only the one host is given', async () => {
    const { codeOf, dialled, asked } = open([GIVEN]);
    const { CAPABILITY_DENIED = 0, REQUEST_INVALID = 0, ...others } = await codesOf(HARMFUL, codeOf);
    expect([others, dialled, asked]).toEqual([{}, [], []]);
    expect(CAPABILITY_DENIED + REQUEST_INVALID).toBe(HARMFUL.length);
  });

  test('none is dialled where a manifest and a grant give hosts that lead inside', async () => {
    const { codeOf, dialled, asked } = open([GIVEN, ...INSIDE]);
    const { CAPABILITY_DENIED = 0, REQUEST_INVALID = 0, ...others } = await codesOf(HARMFUL, codeOf);
    expect([others, dialled]).toEqual([{}, []]);
    expect(CAPABILITY_DENIED + REQUEST_INVALID).toBe(HARMFUL.length);
    // Some names do come to be looked up, and fall by their addresses alone.
    expect(asked.length).toBeGreaterThan(5);
  });

  test('none is followed as a redirection', async () => {
    let location = '';
    const first = 'https://api.example.test/v1/first';
    const { get, asked } = openNet([GIVEN], {
      respond: ({ target }) => (target.url === first ? { status: 302, headers: { location } } : {}),
      hostCallsMax: ENTRIES.length,
    });
    const followed: string[] = [];
    for (const { url } of HARMFUL) {
      location = url;
      const code = await get(first).then(
        () => 'answered',
        (error) => error.code,
      );
      if (code !== 'CAPABILITY_DENIED' && code !== 'FETCH_FAILED') followed.push(url);
    }
    expect([followed, new Set(asked())]).toEqual([[], new Set([`GET ${first}`])]);
  });
});

test('of those that must get through, each is dialled at the host that was given', async () => {
  const { codeOf, dialled } = open([GIVEN]);
  expect(await codesOf(HARMLESS, codeOf)).toEqual({ FETCH_FAILED: HARMLESS.length });
  expect(dialled).toEqual(HARMLESS.map(() => GIVEN.host));
});

describe('without the wall', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await serve((_, response) => response.end('inside'), { isPlain: true });
  });
  afterAll(() => server.close());

  /** As many a client does it: no word of what it asks is looked at but by the parser, and whatever address comes of it is dialled. */
  const reaches = (url: string): Promise<boolean> =>
    new Promise((resolve) => {
      const host = (URL.parse(url)?.hostname ?? '').replace(/^\[|\]$/g, '');
      const isHere = /^(127[.]|0[.]0[.]0[.]0$|::ffff:7f00:1$|localhost[.]?$)/.test(host);
      if (!isHere) return resolve(false);
      httpRequest({ host: host.replace(/[.]$/, ''), port: server.port, path: '/', agent: false }, (response) => {
        response.resume().on('end', () => resolve(true));
      })
        .on('error', () => resolve(false))
        .end();
    });

  test('hundreds of them do reach this machine', async () => {
    const reached = await Promise.all(HARMFUL.filter(({ kind }) => kind !== 'path').map(({ url }) => reaches(url)));
    expect(reached.filter(Boolean).length).toBeGreaterThan(500);
    expect(server.seen.length).toBeGreaterThan(500);
  });

  /** A server behind a check of the text alone: it decodes what it gets, once or twice, takes backslashes for slashes, and goes up. */
  const servedPath = (path: string, times: number): string => {
    let text = path.replace(/[?#].*$/s, '');
    for (let time = 0; time < times; time += 1) text = text.replace(/(%[0-9a-f]{2})+/gi, (run) => decoded(run));
    const parts: string[] = [];
    for (const part of text.normalize('NFKC').replaceAll('\\', '/').split('/')) {
      const [name = ''] = part.split(';');
      if (name === '..') parts.pop();
      else if (name !== '.' && name !== '') parts.push(name);
    }
    return `/${parts.join('/')}`;
  };
  const decoded = (run: string): string => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  };

  test('thousands of paths that begin as they should lead a server elsewhere', () => {
    const paths = HARMFUL.filter(({ kind }) => kind === 'path').map(({ url }) =>
      url.slice('https://api.example.test'.length),
    );
    const led = paths.filter((path) => path.startsWith('/v1/') && !servedPath(path, 2).startsWith('/v1'));
    expect(led.length).toBeGreaterThan(2_000);
  });
});
