import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '#base/json.ts';
import type { Capabilities } from '#domain/capability.ts';
import { keptCapabilities } from '#domain/kept-capabilities.ts';
import type { Transcript, TranscriptEvent } from '#domain/transcript.ts';

/** A run in which each of these calls was answered with null. */
function ran(...calls: readonly (readonly [name: string, params: Json])[]): Transcript {
  const events = calls.flatMap(([name, params], call): TranscriptEvent[] => [
    { kind: 'asked', call, name, params },
    { kind: 'answered', call, value: null },
  ]);
  return { events };
}

const fetched = (url: string, method = 'GET') => ['fetch', { url, method } as JsonObject] as const;

describe('a manifest whose every word is needed', () => {
  const asked: Capabilities = {
    net: [{ host: 'api.example.com', methods: ['GET', 'POST'], paths: ['/v1/*', '/health'] }],
    files: [{ path: 'workspace/notes', access: 'write' }],
    store: { bytesMax: 4096 },
    run: [{ program: 'grep', args: ['--regexp=*'] }],
    tools: ['demo_text__slugify'],
    clock: true,
  };
  const all = ran(
    fetched('https://api.example.com/v1/a'),
    fetched('https://api.example.com/health', 'POST'),
    ['files.write', { path: 'workspace/notes/a.md', text: 'a' }],
    ['store.set', { key: 'a', value: 1 }],
    ['run', { program: 'grep', args: ['--regexp=a'] }],
    ['tools.call', { tool: 'demo_text__slugify', args: {} }],
    ['now', null],
  );

  test('is what comes out', () => {
    expect(keptCapabilities([all], asked)).toEqual(asked);
  });

  test.each<[string, JsonObject]>([
    ['a port', { net: [{ host: 'api.example.com', ports: [443, 8443], methods: ['GET'], paths: ['/v1/*'] }] }],
    ['a host', { net: [{ host: 'api.example.com' }, { host: 'www.example.com' }] }],
    ['a program', { run: [{ program: 'grep', args: ['--regexp=*'] }, { program: 'id' }] }],
    ['random bytes', { random: true }],
  ])('is told from one that asks for %s more', (_, more) => {
    const wider = { ...asked, ...more } as Capabilities;
    expect(keptCapabilities([all], wider)).not.toEqual(wider);
  });
});

test('what was only read is not written', () => {
  const asked: Capabilities = { files: [{ path: 'workspace', access: 'write' }], store: { bytesMax: 100 } };
  const read = ran(['files.read', { path: 'workspace/a' }], ['store.get', { key: 'a' }]);
  expect(keptCapabilities([read], asked)).toEqual({
    files: [{ path: 'workspace', access: 'read' }],
    store: { bytesMax: 100, access: 'read' },
  });
});

test('what the manifest lacks is added, exact', () => {
  const asked: Capabilities = { run: [{ program: 'date' }] };
  const runs = [
    ran(['run', { program: 'date', args: [] }]),
    ran(['run', { program: 'id', args: ['-u'] }], ['now', null]),
  ];
  expect(keptCapabilities(runs, asked)).toEqual({
    run: [{ program: 'date' }, { program: 'id', args: ['-u'] }],
    clock: true,
  });
});

test('nothing is left of a manifest that no run needed', () => {
  expect(keptCapabilities([ran()], { net: [{ host: 'example.com' }], store: { bytesMax: 1 }, clock: true })).toEqual(
    {},
  );
});
