// Every kind of thing that a host call can spell wrongly or not be given: each refusal says what was asked, what is allowed, and how a
// person could allow it or write it otherwise.

import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import type { Capabilities } from '#domain/capability.ts';
import { HOST_CALLS } from '#domain/host-call.ts';
import type { StoreEffect } from '#effects/store.ts';
import { openPlace } from './files-world.ts';

const place = openPlace();
afterAll(() => place[Symbol.dispose]());

/** What was done: nothing, in each of these. */
const done: string[] = [];
const store = {
  get: () => undefined,
  set: async () => Boolean(done.push('set')),
  delete: () => Boolean(done.push('delete')),
  list: () => [],
} as unknown as StoreEffect;

const broker = createBroker({
  ...{ clock: systemClock, logger: silentLogger },
  effects: {
    ...{ store, files: place.effect },
    net: {
      isListed: () => false,
      request: async ({ target }) => {
        done.push(target.url);
        throw new SmcpError('FETCH_FAILED', 'nobody is there');
      },
    },
    run: {
      run: async ({ program }) => {
        done.push(program);
        throw new SmcpError('SANDBOX_UNAVAILABLE', 'no program runs');
      },
    },
    tools: { callTool: async () => ({ kind: 'value', value: done.push('tool') }) },
  },
});

const GIVEN: Capabilities = {
  net: [{ host: 'a.org', paths: ['/v1/*'] }],
  files: [{ path: 'workspace/in', access: 'read' }],
  store: { bytesMax: 100, access: 'read' },
  run: [{ program: 'git', args: ['log', '*'] }],
  tools: ['other__greet'],
  random: true,
};

async function refusalOf(name: string, params: Json): Promise<SmcpError> {
  const session = broker.open({
    ...{ plugin: 'p', tool: 'p__t', agent: 'athena' as never, invocation: 'i' },
    ...{ capabilities: GIVEN, hostCallsMax: LIMITS.hostCallsMax },
  });
  try {
    await session.handle({ name, params }, new AbortController().signal);
  } catch (thrown) {
    if (thrown instanceof SmcpError) return thrown;
    throw thrown;
  }
  throw new Error(`${name} was not refused`);
}

type Case = readonly [what: string, name: string, params: Json, code: string, asked: string];

const get = (url: string, more: { readonly [key: string]: Json } = {}): Json => ({ url, ...more });
const headers = (given: { readonly [name: string]: string }): Json => get('https://a.org/v1/x', { headers: given });

const NAMES: readonly Case[] = [
  ['a host call that there is not', 'files.chmod', {}, 'REQUEST_INVALID', 'files.chmod'],
  ['a host call by a name of the engine', '__proto__', {}, 'REQUEST_INVALID', '__proto__'],
  ['a kind that was not given', 'now', {}, 'CAPABILITY_DENIED', 'now'],
  ['a key that a call does not take', 'store.get', { key: 'a', ttl: 1 }, 'REQUEST_INVALID', 'ttl'],
  ['params that are no object', 'store.get', ['a'], 'REQUEST_INVALID', 'a list'],
  ['a key of the store that is too long', 'store.get', { key: 'k'.repeat(600) }, 'REQUEST_INVALID', 'kkk'],
  ['an empty key', 'store.get', { key: '' }, 'REQUEST_INVALID', ''],
  ['a change of a store that is read', 'store.delete', { key: 'a' }, 'CAPABILITY_DENIED', 'store.delete'],
  ['a tool that was not given', 'tools.call', { tool: 'smcp__freeze' }, 'CAPABILITY_DENIED', 'smcp__freeze'],
  ['a program that was not given', 'run', { program: '/bin/sh' }, 'CAPABILITY_DENIED', '/bin/sh'],
  ['arguments that were not', 'run', { program: 'git', args: ['log', '-p'] }, 'CAPABILITY_DENIED', '"-p"'],
  ['an argument with NUL', 'run', { program: 'git', args: ['log', 'a\0b'] }, 'REQUEST_INVALID', 'a\\u{0}b'],
];

const PATHS: readonly Case[] = [
  ['that climbs', 'files.read', { path: 'workspace/in/../x' }, 'CAPABILITY_DENIED', 'workspace/in/../x:read'],
  ['of the machine', 'files.read', { path: '/etc/passwd' }, 'CAPABILITY_DENIED', '/etc/passwd:read'],
  ['with a backslash', 'files.read', { path: 'workspace\\in' }, 'CAPABILITY_DENIED', 'workspace\\in:read'],
  ['that was not given', 'files.read', { path: 'workspace/out' }, 'CAPABILITY_DENIED', 'workspace/out:read'],
  ['given to be read', 'files.remove', { path: 'workspace/in/a' }, 'CAPABILITY_DENIED', 'workspace/in/a:write'],
  ['with a dot at its end', 'files.read', { path: 'workspace/in/a.' }, 'REQUEST_INVALID', 'workspace/in/a.:read'],
  ['that turns around', 'files.read', { path: 'workspace/in/\u202ea' }, 'REQUEST_INVALID', '\\u{202e}'],
  ['in another normal form', 'files.read', { path: 'workspace/in/e\u0301' }, 'REQUEST_INVALID', 'workspace/in/e'],
  ['that is too long', 'files.read', { path: `workspace/${'a'.repeat(2000)}` }, 'REQUEST_INVALID', 'workspace/aaa'],
  ['that is no text', 'files.read', { path: 7 }, 'REQUEST_INVALID', ':read'],
  ['at which nothing is', 'files.read', { path: 'workspace/in/none' }, 'NOT_FOUND', 'workspace/in/none'],
];

const URLS: readonly Case[] = [
  ['of a host that was not given', 'fetch', get('https://b.org/v1/x'), 'CAPABILITY_DENIED', 'GET https://b.org/v1/x'],
  ['of another path', 'fetch', get('https://a.org/admin'), 'CAPABILITY_DENIED', 'GET https://a.org/admin'],
  ['without TLS', 'fetch', get('http://a.org/v1/x'), 'CAPABILITY_DENIED', 'http://a.org/v1/x'],
  ['of another scheme', 'fetch', get('file:///etc/passwd'), 'REQUEST_INVALID', 'file:///etc/passwd'],
  ['with a name and password', 'fetch', get('https://u:pass@a.org/v1/x'), 'REQUEST_INVALID', '//…@a.org/v1/x'],
  ['with a way up', 'fetch', get('https://a.org/v1/%2e%2e/x'), 'REQUEST_INVALID', '/v1/%2e%2e/x'],
  ['with a line break', 'fetch', get('https://a.org/v1/\nx'), 'REQUEST_INVALID', '\\u{a}'],
  ['of an address in another spelling', 'fetch', get('https://0x7f.1/v1/x'), 'REQUEST_INVALID', '0x7f.1'],
  ['asked by another method', 'fetch', get('https://a.org/v1/x', { method: 'TRACE' }), 'REQUEST_INVALID', 'TRACE'],
  ['asked by a method not given', 'fetch', get('https://a.org/v1/x', { method: 'POST' }), 'CAPABILITY_DENIED', 'POST'],
  ['with another redirect', 'fetch', get('https://a.org/v1/x', { redirect: 'always' }), 'REQUEST_INVALID', 'always'],
];

const HEADERS: readonly Case[] = [
  ['of the connection', 'fetch', headers({ 'Transfer-Encoding': 'chunked' }), 'REQUEST_INVALID', 'Transfer-Encoding'],
  ['that names another method', 'fetch', headers({ 'x-http-method': 'PUT' }), 'REQUEST_INVALID', 'x-http-method'],
  ['with a colon', 'fetch', headers({ 'a:b': 'c' }), 'REQUEST_INVALID', 'a:b'],
  ['with a line break', 'fetch', headers({ Accept: 'a\r\nHost: b' }), 'REQUEST_INVALID', 'Accept'],
  ['twice', 'fetch', headers({ Accept: 'a', accept: 'b' }), 'REQUEST_INVALID', 'accept'],
];

describe.each([
  ['a name', NAMES],
  ['a path', PATHS],
  ['a URL', URLS],
  ['a header', HEADERS],
])('%s', (_kind, cases) => {
  test.each(cases)('%s is refused with what was asked, what is allowed, and a remedy', async (...one) => {
    const [, name, params, code, asked] = one;
    const error = await refusalOf(name, params);
    expect(error).toMatchObject({
      code,
      details: { asked: expect.stringContaining(asked), remedy: expect.any(String) },
    });
    if (code !== 'NOT_FOUND') expect(error.details['allowed']).toEqual(expect.arrayContaining([expect.any(String)]));
    expect(String(error.details['remedy']).length).toBeGreaterThan(10);
    expect(JSON.stringify(error.details).length).toBeLessThan(4096);
    expect(done).toEqual([]);
  });
});

test('what is allowed is what was given, in the words of a grant', async () => {
  const allowed = async (name: string, params: Json) => (await refusalOf(name, params)).details['allowed'];
  expect(await allowed('files.read', { path: 'workspace/out' })).toEqual(['workspace/in:read']);
  expect(await allowed('fetch', get('https://b.org/'))).toEqual(['GET a.org:443/v1/*']);
  expect(await allowed('run', { program: 'id' })).toEqual(['["git","log","*"]']);
  expect(await allowed('tools.call', { tool: 'x__y' })).toEqual(['other__greet']);
  expect(await allowed('now', null)).toEqual(['net', 'files', 'store', 'run', 'tools', 'random']);
  expect(await allowed('nothing', null)).toEqual(Object.keys(HOST_CALLS));
});

test('no value of a header, and no password of a URL, is in a refusal', async () => {
  for (const params of [
    headers({ authorization: 'hunter2\n' }),
    get('https://u:hunter2@a.org/'),
    get('ftp://u:hunter2@a'),
  ]) {
    expect(JSON.stringify((await refusalOf('fetch', params)).toWire())).not.toContain('hunter2');
  }
});

test('the same calls, spelled as they should be and given, are carried out', async () => {
  for (const [name, params] of [
    ['fetch', get('https://a.org/v1/x', { headers: { accept: 'a' } })],
    ['run', { program: 'git', args: ['log', 'main'] }],
  ] as const) {
    await refusalOf(name, params);
  }
  expect(done).toEqual(['https://a.org/v1/x', 'git']);
});
