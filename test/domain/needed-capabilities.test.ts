import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { HOST_CALLS } from '#domain/host-call.ts';
import { isCovered, neededFor, smallestCapabilities, unusedCapabilities } from '#domain/needed-capabilities.ts';
import type { Transcript, TranscriptEvent } from '#domain/transcript.ts';

type Made = readonly [name: string, params: Json, end?: Json | { readonly refused: string }];

function transcriptOf(calls: readonly Made[]): Transcript {
  const events = calls.flatMap(([name, params, end = null], at): TranscriptEvent[] => {
    const call = at + 1;
    const isRefused = typeof end === 'object' && end !== null && 'refused' in end;
    return [
      { kind: 'asked', call, name, params },
      isRefused
        ? { kind: 'refused', call, error: { code: String(end['refused']), message: '' } }
        : { kind: 'answered', call, value: end as Json },
    ];
  });
  return { events };
}

const smallest = (...calls: Made[]) => smallestCapabilities([transcriptOf(calls)]);

describe('the smallest capabilities of a run', () => {
  test('are none where nothing was asked', () => {
    expect(smallest()).toEqual({});
    expect(smallest(['log', { level: 'info', message: 'x' }])).toEqual({});
  });

  test('name host, port, method and path of requests, and share an entry only where that allows no more', () => {
    const capabilities = smallest(
      ['fetch', { url: 'https://A.example.org/v1/b?q=1' }],
      ['fetch', { url: 'https://a.example.org/v1/a' }],
      ['fetch', { url: 'https://a.example.org/v1/a', method: 'post' }],
      ['fetch', { url: 'http://other.example.org:8080/x' }],
    );
    expect(capabilities.net).toEqual([
      { host: 'a.example.org', ports: [443], methods: ['GET'], paths: ['/v1/a', '/v1/b'] },
      { host: 'a.example.org', ports: [443], methods: ['POST'], paths: ['/v1/a'] },
      { host: 'other.example.org', ports: [8080], methods: ['GET'], paths: ['/x'] },
    ]);
    // One entry of both methods and paths would have covered this, which was never asked.
    expect(isCovered(neededFor('fetch', { url: 'https://a.example.org/v1/b', method: 'POST' }), capabilities)).toBe(
      false,
    );
  });

  test('hold where a request was led to', () => {
    const { net } = smallest(['fetch', { url: 'https://a.org/x' }, { url: 'https://b.org/y', status: 200 }]);
    expect(net?.map(({ host }) => host)).toEqual(['a.org', 'b.org']);
  });

  test('leave out what was refused as no host call, and keep what failed for the world', () => {
    expect(smallest(['random', { bytes: -1 }, { refused: 'REQUEST_INVALID' }])).toEqual({});
    expect(smallest(['random', { bytes: 1 }, { refused: 'CAPABILITY_UNAVAILABLE' }])).toEqual({ random: true });
  });

  test('name files with the access that they need, and no file twice', () => {
    expect(
      smallest(
        ['files.read', { path: 'workspace/a' }],
        ['files.write', { path: 'workspace/a', text: '' }],
        ['files.stat', { path: 'workspace/b/c' }],
        ['files.list', { path: 'workspace/b' }],
      ).files,
    ).toEqual([
      { path: 'workspace/a', access: 'write' },
      { path: 'workspace/b', access: 'read' },
    ]);
  });

  test('have the room that the store needed at most, in UTF-8 bytes', () => {
    const set = (key: string, value: Json): Made => ['store.set', { key, value }];
    expect(smallest(['store.get', { key: 'a' }])).toEqual({ store: { bytesMax: 1, access: 'read' } });
    expect(smallest(set('é', 'x'), set('é', 'longer'), ['store.delete', { key: 'é' }], set('b', 1))).toEqual({
      store: { bytesMax: 2 + '"longer"'.length, access: 'write' },
    });
  });

  test('are merged over runs, with programs, tools, clock, and secrets of the hosts that were asked', () => {
    const secrets = [
      { name: 'USED', hosts: ['a.org'], header: 'X' },
      { name: 'UNUSED', hosts: ['b.org'], header: 'X' },
    ];
    const runs = [
      transcriptOf([
        ['run', { program: 'git', args: ['log'] }],
        ['now', null],
      ]),
      transcriptOf([
        ['run', { program: 'git', args: ['log'] }],
        ['fetch', { url: 'https://a.org/' }],
      ]),
      transcriptOf([['tools.call', { tool: 'a__b', args: {} }]]),
    ];
    expect(smallestCapabilities(runs, { secrets })).toMatchObject({
      ...{ run: [{ program: 'git', args: ['log'] }], tools: ['a__b'], clock: true },
      secrets: [{ name: 'USED' }],
    });
  });

  test('write with a star what a manifest has no room for', () => {
    const calls = Array.from({ length: 100 }, (_, at): Made => ['fetch', { url: `https://a.org/items/${at}` }]);
    expect(smallest(...calls).net).toMatchObject([{ paths: ['/items/*'] }]);
    const files = Array.from(
      { length: LIMITS.capabilityEntriesMax + 1 },
      (_, at): Made => ['files.read', { path: `workspace/in/${at}` }],
    );
    expect(smallest(...files).files).toEqual([{ path: 'workspace/in', access: 'read' }]);
  });
});

test('whatever was answered is covered by what is said to be the smallest, and what needs nothing else is not', () => {
  const segment = fc.stringMatching(/^[a-z*0-9]{1,4}$/);
  const call: fc.Arbitrary<Made> = fc.oneof(
    fc
      .tuple(fc.constantFrom('a.org', 'b.org'), fc.constantFrom('GET', 'POST'), segment)
      .map(([host, method, path]): Made => ['fetch', { url: `https://${host}/${path}`, method }]),
    fc
      .tuple(fc.constantFrom('read', 'write', 'list', 'makeFolder'), segment)
      .map(([verb, path]): Made => [`files.${verb}`, { path: `workspace/${path}` }]),
    fc.array(segment, { maxLength: 2 }).map((args): Made => ['run', { program: 'git', args }]),
    segment.map((tool): Made => ['tools.call', { tool: `x__${tool}` }]),
    fc.constantFrom<Made>(['now', null], ['random', { bytes: 1 }], ['store.get', { key: 'a' }]),
  );
  fc.assert(
    fc.property(fc.array(call, { maxLength: 20 }), (calls) => {
      const found = smallest(...calls);
      for (const [name, params] of calls) expect(isCovered(neededFor(name, params), found)).toBe(true);
      expect(unusedCapabilities(found, found)).toEqual({});
    }),
  );
});

test('every host call that needs a capability is known to need one', () => {
  const params = {
    url: 'https://a.org/',
    program: 'a',
    tool: 'a',
    path: 'workspace',
    from: 'workspace/a',
    to: 'workspace/b',
    key: 'a',
  };
  for (const [name, kind] of Object.entries(HOST_CALLS)) {
    expect(Object.keys(neededFor(name, params))).toEqual(kind === undefined ? [] : [kind]);
  }
});

test.each([
  ['fetch', { url: 'no url' }],
  ['fetch', { url: 'file:///etc/passwd' }],
  ['fetch', null],
  ['run', { program: 1 }],
  ['tools.call', {}],
  ['files.read', {}],
  ['__proto__', {}],
] as const)('of %s %j nothing can be told', (name, params) => {
  expect(neededFor(name, params)).toEqual({});
});

test('what is asked and was never used is told entry by entry', () => {
  const asked = {
    net: [{ host: 'a.org' }, { host: 'b.org' }],
    files: [{ path: 'workspace', access: 'read' }] as const,
    ...({ store: { bytesMax: 10 }, clock: true, random: true } as const),
  };
  const used = smallest(['fetch', { url: 'https://a.org/x' }], ['now', null]);
  expect(unusedCapabilities(asked, used)).toEqual({
    ...{ net: [{ host: 'b.org' }], files: asked.files, store: { bytesMax: 10 }, random: true },
  });
});
