// A tool that tells its cost, in both tiers, from its own code to the record.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startPlugin } from '#sandbox/harness/start-plugin.ts';
import { isolatePlugin, processPlugin, workspace } from './plugins.ts';

const space = workspace();
afterAll(() => space.remove());

const library = (path: string) => readFileSync(join(import.meta.dirname, '../../sandbox/guest', path), 'utf8');

const manifest = (runtime: object) =>
  JSON.stringify({
    ...{ manifest: 1, name: 'kit', version: '1.0.0', description: 'A plugin of a test', runtime },
    tools: [{ name: 'make', description: 'Tells its cost.', input: { type: 'object' }, cost: 0.01, costMax: 0.5 }],
  });

const ISOLATE = `export const tools = { make: async (_, host) => {
  await host.cost(0.1);
  await host.cost(0.05);
  const over = await host.cost(9).catch(({ code, details }) => [code, details.costMax]);
  const wrong = await host.cost(-1).catch(({ name }) => name);
  return { over, wrong };
} };`;

const PYTHON = `import smcp_host
def make(args, host):
    host.cost(0.1)
    host.cost(0.05)
    return {"told": True}
smcp_host.serve({"make": make})
`;

const NODE = `import { serve } from './smcp-host.mjs';
await serve({ make: async (_, host) => ({ answer: await host.cost(0.15) }) });
`;

test('an isolate tells it in parts; more than it may is refused, and all that it may counts', async () => {
  const runtime = { kind: 'isolate', entry: 'index.js' };
  const files = { 'plugin.json': manifest(runtime) };
  await using plugin = await startPlugin(isolatePlugin(space, { source: ISOLATE, files }));
  const call = await plugin.call('make');
  expect(call).toMatchObject({ ok: true, value: { over: ['QUOTA_EXCEEDED', 0.5], wrong: 'TypeError' } });
  expect(call.record).toMatchObject({ usage: { costMicros: 500_000 } });
});

test.each([
  ['Python', ['python3', 'main.py'], 'main.py', PYTHON, 'smcp_host.py', 'python/smcp_host.py'],
  ['Node', ['node', 'main.mjs'], 'main.mjs', NODE, 'smcp-host.mjs', 'node/smcp-host.mjs'],
])('a program in %s tells it through its library', async (_, command, entry, source, name, path) => {
  const runtime = { kind: 'process', command, protocol: 'json' };
  const files = { 'plugin.json': manifest(runtime), [entry]: source, [name]: library(path) };
  await using plugin = await startPlugin(processPlugin(space, { source: PYTHON, files }));
  const call = await plugin.call('make');
  expect(call).toMatchObject({ ok: true });
  expect(call.record).toMatchObject({ usage: { costMicros: 150_000 } });
});
