// Reloads while an external directory is changed under them, hundreds of plugins, and code from elsewhere that would run.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/log.ts';
import type { Plugin } from '#domain/manifest.ts';
import { createPluginCode } from '#registry/plugin-copies.ts';
import { createConfinement } from '#sandbox/host/confinement.ts';
import { createIsolateRuntime } from '#sandbox/host/isolate-runtime.ts';
import { openWall } from '#sandbox/host/wall.ts';
import { loadWith } from './load.ts';
import { createWorkspace, pluginFiles, type Workspace } from './workspace.ts';

/** Runs a program of Node's in the workspace, over and over, until the block ends. */
async function startLoop(workspace: Workspace, body: string): Promise<AsyncDisposable> {
  const program = `const { renameSync, writeFileSync, symlinkSync, rmSync, mkdirSync } = require('node:fs');
    console.log('begins');
    for (let round = 0; ; round++) { ${body} }`;
  const child = spawn(process.execPath, ['-e', program], {
    cwd: workspace.path(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Everything that can be served right now was recorded first, and what would run of it is what was hashed. */
async function expectSound({ registry, recorded }: Awaited<ReturnType<typeof loadWith>>): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const plugin of registry.plugins()) {
    expect(recorded).toContain(`${plugin.name} ${plugin.digest}`);
    expect(registry.tool(`${plugin.name}__hello`)?.plugin).toBe(plugin);
    const modules = await createPluginCode({ logger: silentLogger }).modules(plugin);
    texts.push(String(Buffer.from(modules.get('index.js') ?? [])));
  }
  return texts;
}

describe('while a plugin is changed without pause,', () => {
  test('what is served is always what was recorded, and never half of it', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/good', { ...pluginFiles('good'), 'index.js': '// good' });
    workspace.write('plugins/w', { ...pluginFiles('w'), 'index.js': '// 0' });
    const loaded = await loadWith(workspace);
    const control = new Set<string>();
    const seen = new Set<string>();
    await using _writer = await startLoop(
      workspace,
      `writeFileSync('next', '// ' + (round % 7)); renameSync('next', 'plugins/w/index.js');`,
    );
    for (let round = 0; round < 15 || control.size < 2; round += 1) {
      await loaded.registry.reload();
      for (const text of await expectSound(loaded)) seen.add(text);
      control.add(readFileSync(workspace.path('plugins/w/index.js'), 'utf8'));
      expect(loaded.toolNames()).toContain('good__hello');
    }
    // The negative control: the file did change between two looks.
    expect(control.size).toBeGreaterThan(1);
    expect([...seen].filter((text) => !/^\/\/ (good|[0-6])$/.test(text))).toEqual([]);
  });

  test('a link in its place leads to nothing but a whole plugin, under its own name', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/w', { ...pluginFiles('w'), 'index.js': '// own' });
    workspace.write('elsewhere', { ...pluginFiles('w', { version: '6.6.6' }), 'index.js': '// elsewhere' });
    workspace.write('elsewhere', { secret: 'not of any plugin that was found as w 1.2.3' });
    const loaded = await loadWith(workspace);
    const control = new Set<string>();
    const seen = new Set<string>();
    await using _swapper = await startLoop(
      workspace,
      `renameSync('plugins/w', 'kept'); symlinkSync(process.cwd() + '/elsewhere', 'plugins/w');
       rmSync('plugins/w'); renameSync('kept', 'plugins/w');`,
    );
    for (let round = 0; round < 15 || control.size < 2; round += 1) {
      await loaded.registry.reload();
      const texts = await expectSound(loaded);
      for (const [index, plugin] of loaded.registry.plugins().entries()) seen.add(`${plugin.version} ${texts[index]}`);
      try {
        control.add(readFileSync(workspace.path('plugins/w/index.js'), 'utf8'));
      } catch {
        // Between the two.
      }
    }
    // The negative control: by its path, the same file did lead elsewhere.
    expect([...control].sort()).toEqual(['// elsewhere', '// own']);
    expect([...seen].filter((one) => one !== '1.2.3 // own' && one !== '6.6.6 // elsewhere')).toEqual([]);
  });

  test('a second plugin of its name that comes and goes stops both or none', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/w', pluginFiles('w'));
    workspace.write('thief', pluginFiles('w', { version: '6.6.6' }));
    const loaded = await loadWith(workspace);
    const seen = new Set<string>();
    await using _mover = await startLoop(
      workspace,
      `renameSync('thief', 'plugins/thief'); renameSync('plugins/thief', 'thief');`,
    );
    for (let round = 0; round < 100 && seen.size < 2; round += 1) {
      const states = (await loaded.registry.reload()).map(({ version, state }) => `${version} ${state}`).sort();
      seen.add(states.join(', '));
      await expectSound(loaded);
    }
    // The last: it was found, and gone before it could be read.
    const allowed = ['1.2.3 ready', '1.2.3 refused, 6.6.6 refused', ' refused, 1.2.3 ready'];
    expect([...seen].filter((states) => !allowed.includes(states))).toEqual([]);
  });
});

test('hundreds of plugins are loaded, and one that changes leaves all others the same objects', async () => {
  using workspace = createWorkspace();
  const names = Array.from({ length: 200 }, (_none, index) => `p${String(index).padStart(3, '0')}`);
  for (const name of names) workspace.write(`plugins/${name}`, pluginFiles(name));
  const { registry, changes, recorded } = await loadWith(workspace);
  const before = registry.plugins();
  expect(before.map(({ name }) => name)).toEqual(names);
  writeFileSync(workspace.path('plugins/p100/index.js'), '// changed');
  let during: readonly Plugin[] | undefined;
  registry.onChange(() => {
    during = registry.plugins();
  });
  await registry.reload();
  const changed = registry.plugins().filter((plugin, index) => plugin !== before[index]);
  expect(changed.map(({ name }) => name)).toEqual(['p100']);
  expect([changes.told, during === registry.plugins(), recorded.length]).toEqual([1, true, 400]);
});

test('code stays outside on a machine that can not wall it off, wherever it is from, also when it comes by a reload', async () => {
  using workspace = createWorkspace();
  using wall = openWall({ kernel: (offered) => ({ ...offered, landlockAbi: 1 }) });
  const ports = { clock: systemClock, logger: silentLogger, code: createPluginCode({ logger: silentLogger }) };
  const runtime = createIsolateRuntime({ ...ports, confinement: createConfinement(wall) });
  workspace.write('product/own', pluginFiles('own'));
  workspace.write('plugins/theirs', pluginFiles('theirs'));
  const admit = (plugin: Plugin) => void runtime.profile(plugin, {});
  const { registry, toolNames, report } = await loadWith(workspace, { folders: ['product', 'plugins'], admit });
  const outside = { state: 'refused', tools: [], problems: [{ code: 'SANDBOX_UNAVAILABLE' }] };
  expect([toolNames(), report('own'), report('theirs')]).toMatchObject([[], outside, outside]);
  workspace.write('plugins/theirs', { 'index.js': '// changed' });
  workspace.write('plugins/new', pluginFiles('new'));
  await registry.reload();
  expect([toolNames(), report('theirs'), report('new')]).toMatchObject([[], outside, outside]);
  // The negative control: on this machine as it is they are served.
  using whole = openWall();
  const here = createIsolateRuntime({ ...ports, confinement: createConfinement(whole) });
  const admitted = (plugin: Plugin) => void here.profile(plugin, {});
  const open = await loadWith(workspace, { folders: ['product', 'plugins'], admit: admitted });
  expect(open.toolNames()).toEqual(['new__hello', 'own__hello', 'theirs__hello']);
  await Promise.all([runtime.close(), here.close()]);
});
