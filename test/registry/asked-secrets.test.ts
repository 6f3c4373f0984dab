import { describe, expect, test } from 'vitest';
import type { SecretEntry } from '#domain/capability.ts';
import type { Manifest } from '#domain/manifest.ts';
import { askedSecrets, checkSecrets } from '#registry/asked-secrets.ts';
import { loadWith } from './load.ts';
import { createWorkspace, pluginFiles } from './workspace.ts';

const manifest = (secrets: readonly SecretEntry[], kind: 'isolate' | 'process' = 'process'): Manifest => ({
  ...{ manifest: 1, name: 'p', version: '1.0.0', description: 'd', tools: [], capabilities: { secrets } },
  runtime:
    kind === 'isolate' ? { kind, entry: 'index.js' } : { kind, command: ['python3', 'main.py'], protocol: 'json' },
});
const problemsOf = (...given: Parameters<typeof manifest>) =>
  checkSecrets(manifest(...given)).map(({ pointer, message }) => `${pointer} ${message}`);

const HEADER: SecretEntry = { name: 'KEY', hosts: ['a.example', 'b.example'], header: 'X-Key' };

describe('a manifest is served', () => {
  test.each<[string, readonly SecretEntry[]]>([
    ['with a secret for two hosts', [HEADER]],
    ['with two headers for one host', [HEADER, { ...HEADER, name: 'OTHER', header: 'Authorization' }]],
    [
      'with one header for two hosts',
      [
        { ...HEADER, hosts: ['a.example'] },
        { ...HEADER, name: 'B', hosts: ['b.example'] },
      ],
    ],
    ['with an exposed one', [{ name: 'TOKEN', expose: 'env' }]],
    ['with one that is both', [{ ...HEADER, expose: 'env' }]],
  ])('%s', (_, secrets) => {
    expect(problemsOf(secrets)).toEqual([]);
  });
});

describe('a manifest is refused', () => {
  test('when an isolate asks for a variable', () => {
    expect(problemsOf([{ name: 'TOKEN', expose: 'env' }], 'isolate')).toEqual([
      '/capabilities/secrets/0/expose asks for TOKEN as a variable, which an isolate has none of',
    ]);
    expect(problemsOf([HEADER], 'isolate')).toEqual([]);
  });

  test('when two secrets go into one header of one host, however it is spelled', () => {
    expect(problemsOf([HEADER, { name: 'OTHER', hosts: ['c.example', 'b.example'], header: 'x-KEY' }])).toEqual([
      '/capabilities/secrets/1/hosts/1 b.example gets KEY in the header x-KEY already',
    ]);
  });

  test.each(['Host', 'content-length', 'Transfer-Encoding', 'CONNECTION', 'Upgrade', 'TE', 'Expect'])(
    'when a secret is to be the header %s',
    (header) => {
      expect(problemsOf([{ ...HEADER, header }])).toEqual([
        `/capabilities/secrets/0/header names the header ${header}, which is the connection's`,
      ]);
    },
  );

  test.each(['PATH', 'HOME', 'LD_PRELOAD', 'PYTHONPATH', 'NODE_OPTIONS', 'BASH_ENV', 'IFS', 'LC_ALL', 'SMCP_HOME'])(
    'when an exposed one is called %s; in a header it may be',
    (name) => {
      expect(problemsOf([{ name, expose: 'env' }])).toHaveLength(1);
      expect(problemsOf([{ ...HEADER, name }])).toEqual([]);
    },
  );
});

test('what is asked is listed once for each name, with all its hosts', () => {
  const asked = askedSecrets(
    manifest([HEADER, { name: 'A', expose: 'env' }, { name: 'KEY', hosts: ['b.example', 'c.example'], header: 'Y' }]),
  );
  expect(asked).toEqual([
    { name: 'A', hosts: [], isExposed: true },
    { name: 'KEY', hosts: ['a.example', 'b.example', 'c.example'], isExposed: false },
  ]);
});

describe('a plugin that changes to see a secret itself', () => {
  const runtime = { kind: 'process', command: ['./run'], protocol: 'json' };
  const files = (secrets: readonly SecretEntry[]) => ({
    ...pluginFiles('a', { runtime, capabilities: { secrets } }),
    run: '#!/bin/sh\n',
  });
  const start = async (workspace: ReturnType<typeof createWorkspace>) => {
    workspace.write('plugins/a', files([HEADER]));
    return loadWith(workspace, { approve: 'pinned', available: ['secrets'] });
  };

  test('waits for a person, who is shown which; with the file of what was approved as it was', async () => {
    using workspace = createWorkspace();
    const { registry, report, toolNames } = await start(workspace);
    expect([report('a')?.state, registry.review('a').exposed]).toEqual(['ready', []]);
    workspace.write('plugins/a', files([{ ...HEADER, expose: 'env' }]));
    await registry.reload();
    expect([report('a')?.state, toolNames()]).toEqual(['quarantined', []]);
    expect(registry.review('a')).toMatchObject({ state: 'waiting', exposed: ['KEY'] });
    const change = registry.review('a').differences.find(({ kind }) => kind === 'capability');
    expect(change).toMatchObject({ subject: 'secrets', approved: [HEADER], present: [{ ...HEADER, expose: 'env' }] });
    expect(report('a')?.secrets).toEqual([{ name: 'KEY', hosts: HEADER.hosts, isExposed: true }]);
  });

  test('is served once that was approved; and without secrets where a person left them out', async () => {
    using workspace = createWorkspace();
    const { registry, report } = await start(workspace);
    workspace.write('plugins/a', files([{ ...HEADER, expose: 'env' }]));
    await registry.reload();
    const { digest } = registry.review('a');
    registry.approve('a', { digest, by: 'admin', without: ['secrets'] });
    expect(registry.tools()[0]?.capabilities).toEqual({});
    registry.approve('a', { digest, by: 'admin', without: [] });
    expect(report('a')?.state).toBe('ready');
    expect(registry.tools()[0]?.capabilities.secrets).toEqual([{ ...HEADER, expose: 'env' }]);
  });
});
