import { expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { PluginRuntime, ProcessOwner, RunRequest } from '#domain/sandbox-ports.ts';
import { createPluginRuntime } from '#sandbox/host/plugin-runtime.ts';

function tier(name: 'isolate' | 'process', layers: readonly string[]) {
  const asked: string[] = [];
  const runtime = {
    run: async () => {
      asked.push('run');
      return { kind: 'returned', resultJson: `"${name}"`, usage: { cpuMs: 0, wallMs: 0, heapBytesPeak: 0 } };
    },
    profile: (_plugin, granted) => ({ tier: name, digest: sha256(JSON.stringify(granted)), layers }),
    layers: () => layers.map((layer) => ({ name: layer, inForce: true, detail: name })),
    end: async (isEnded) => {
      const owner: ProcessOwner = { plugin: pluginOf(name) };
      asked.push(`end ${isEnded(owner)}`);
    },
    close: async () => void asked.push('close'),
  } satisfies PluginRuntime;
  return { runtime, asked };
}

function pluginOf(kind: 'isolate' | 'process'): Plugin {
  const runtime =
    kind === 'isolate'
      ? ({ kind, entry: 'index.js' } as const)
      : ({ kind, command: ['true'], protocol: 'json' } as const);
  const digest = sha256(kind);
  const named = { name: kind, version: '1', description: 'a test' };
  const manifest = { manifest: 1, ...named, runtime, tools: [] } as const;
  return { ...named, digest, manifestDigest: digest, manifest, directory: '', origin: 'external', tools: [] };
}

const requestOf = (kind: 'isolate' | 'process') => ({ plugin: pluginOf(kind) }) as RunRequest;

test('each plugin is run, and its profile told, by the tier of its kind', async () => {
  const [isolate, process] = [tier('isolate', ['jitless', 'landlock']), tier('process', ['cgroup', 'landlock'])];
  const runtime = createPluginRuntime({ isolate: isolate.runtime, process: process.runtime });
  expect(await runtime.run(requestOf('isolate'))).toMatchObject({ resultJson: '"isolate"' });
  expect(await runtime.run(requestOf('process'))).toMatchObject({ resultJson: '"process"' });
  expect(runtime.profile(pluginOf('process'), { clock: true })).toEqual(
    process.runtime.profile(pluginOf('process'), { clock: true }),
  );
  expect(runtime.layers().map(({ name, detail }) => [name, detail])).toEqual([
    ['cgroup', 'process'],
    ['jitless', 'isolate'],
    ['landlock', 'isolate'],
  ]);
  await runtime.end(({ plugin }) => plugin.name === 'process');
  await runtime.close();
  expect([isolate.asked, process.asked]).toEqual([
    ['run', 'end false', 'close'],
    ['run', 'end true', 'close'],
  ]);
});

test('where no tier runs processes, their plugins are refused with the remedy, and nothing of them runs', async () => {
  const isolate = tier('isolate', []);
  const runtime = createPluginRuntime({ isolate: isolate.runtime });
  const refusal = { code: 'SANDBOX_UNAVAILABLE', details: { remedy: expect.any(String) } };
  expect(await runtime.run(requestOf('process'))).toMatchObject({ kind: 'failed', effect: 'known', error: refusal });
  expect(() => runtime.profile(pluginOf('process'), {})).toThrowError(expect.objectContaining(refusal));
  expect(isolate.asked).toEqual([]);
});
