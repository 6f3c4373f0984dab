// Plugins looked at again while the server runs: what came, went and changed, and what a reload that fails leaves.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import type { Plugin } from '#domain/manifest.ts';
import { createPluginCode } from '#registry/plugin-copies.ts';
import { createDisabledPlugins, loadWith } from './load.ts';
import { createWorkspace, pluginFiles, tool, type Workspace } from './workspace.ts';

const change = (workspace: Workspace, name: string, text = '// changed\n') =>
  writeFileSync(workspace.path('plugins', name, 'index.js'), text);

/** A promise, and what settles it. */
const gate = () => Promise.withResolvers<void>();

describe('a reload', () => {
  test('serves what came, what changed, and no longer what went', async () => {
    using workspace = createWorkspace();
    for (const name of ['stays', 'changes', 'goes']) workspace.write(`plugins/${name}`, pluginFiles(name));
    const { registry, toolNames, changes, report } = await loadWith(workspace);
    const [stays, changed] = [registry.tool('stays__hello'), registry.tool('changes__hello')];
    workspace.write('plugins/comes', pluginFiles('comes', { tools: [tool('hello'), tool('more')] }));
    workspace.write('plugins/changes', pluginFiles('changes', { version: '2.0.0' }));
    rmSync(workspace.path('plugins/goes'), { recursive: true });
    const reports = await registry.reload();
    expect(toolNames()).toEqual(['changes__hello', 'comes__hello', 'comes__more', 'stays__hello']);
    expect(reports).toBe(registry.reports());
    expect([report('goes'), report('changes')?.version]).toEqual([undefined, '2.0.0']);
    expect(registry.tool('changes__hello')?.plugin.digest).not.toBe(changed?.plugin.digest);
    expect(registry.tool('stays__hello')).toBe(stays);
    expect(changes.told).toBe(1);
  });

  test('tells nobody when all is as it was', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    workspace.write('plugins/refused', pluginFiles('refused', { tools: [] }));
    const { registry, changes, logger } = await loadWith(workspace);
    const [plugins, reports] = [registry.plugins(), registry.reports()];
    const lines = logger.lines.length;
    await registry.reload();
    expect(changes.told).toBe(0);
    expect(registry.reports()).toEqual(reports);
    expect(registry.plugins()[0]).toBe(plugins[0]);
    // What is wrong is told again, what is well is not.
    expect(logger.lines.slice(lines).map(({ fields }) => fields['plugin'])).toEqual(['refused']);
  });

  test('refuses what it can not take any more, as a restart would', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const { registry, report, changes } = await loadWith(workspace);
    workspace.write('plugins/a', { 'plugin.json': '{' });
    await registry.reload();
    expect([report('a')?.state, registry.tools(), changes.told]).toEqual(['refused', [], 1]);
    workspace.write('plugins/a', pluginFiles('a'));
    await registry.reload();
    expect([report('a')?.state, changes.told]).toEqual(['ready', 2]);
  });

  test('stops both plugins when a second one of the same name appears, until it is gone', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const { registry, recorded, toolNames } = await loadWith(workspace);
    const before = [...recorded];
    workspace.write('plugins/thief', pluginFiles('a', { version: '9.9.9' }));
    await registry.reload();
    expect([toolNames(), registry.reports().map(({ state }) => state)]).toEqual([[], ['refused', 'refused']]);
    expect(recorded).toEqual(before);
    rmSync(workspace.path('plugins/thief'), { recursive: true });
    await registry.reload();
    expect(toolNames()).toEqual(['a__hello']);
  });

  test('asks again whether a plugin may run here, also of code that came or changed', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const admit = ({ origin, version }: Plugin) => {
      if (origin === 'external' && version !== '1.2.3') throw new SmcpError('SANDBOX_UNAVAILABLE', 'no wall');
    };
    const { registry, report, toolNames, recorded } = await loadWith(workspace, { admit });
    workspace.write('plugins/a', pluginFiles('a', { version: '2.0.0' }));
    workspace.write('plugins/b', pluginFiles('b', { version: '2.0.0' }));
    await registry.reload();
    expect(toolNames()).toEqual([]);
    expect([report('a')?.problems, report('b')?.problems].flat()).toMatchObject([
      { code: 'SANDBOX_UNAVAILABLE' },
      { code: 'SANDBOX_UNAVAILABLE' },
    ]);
    expect(recorded).toHaveLength(1);
  });

  test('serves what could not run here before, once it can', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    let hasWall = false;
    const admit = () => {
      if (!hasWall) throw new SmcpError('SANDBOX_UNAVAILABLE', 'no wall');
    };
    const { registry, toolNames } = await loadWith(workspace, { admit });
    await registry.reload();
    expect(toolNames()).toEqual([]);
    hasWall = true;
    await registry.reload();
    expect(toolNames()).toEqual(['a__hello']);
  });

  test('keeps a plugin switched off, also one that was switched off meanwhile or was away', async () => {
    using workspace = createWorkspace();
    for (const name of ['a', 'b', 'c']) workspace.write(`plugins/${name}`, pluginFiles(name));
    const { promise, resolve } = gate();
    let isHeld = false;
    const record = () => (isHeld ? promise : Promise.resolve());
    const disabled = createDisabledPlugins();
    const { registry, toolNames } = await loadWith(workspace, { disabled, record });
    registry.disable('a', 'ana');
    renameSync(workspace.path('plugins/a'), workspace.path('away'));
    await registry.reload();
    renameSync(workspace.path('away'), workspace.path('plugins/a'));
    change(workspace, 'a');
    isHeld = true;
    const reloading = registry.reload();
    registry.disable('b', 'ana');
    resolve();
    await reloading;
    expect(toolNames()).toEqual(['c__hello']);
    expect(registry.enable('a').tools).toEqual(['a__hello']);
  });
});

describe('new code', () => {
  test('is recorded before any tool of it can be called', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const seen: string[] = [];
    const { registry, recorded } = await loadWith(workspace, {
      record: async ({ name, digest }) => {
        if (seen.length > 0) seen.push(registry.tool(`${name}__hello`)?.plugin.digest === digest ? 'called' : 'waits');
        else seen.push('start');
      },
    });
    change(workspace, 'a');
    workspace.write('plugins/b', pluginFiles('b'));
    await registry.reload();
    expect(seen).toEqual(['start', 'waits', 'waits']);
    expect(recorded).toContain(`b ${registry.tool('b__hello')?.plugin.digest}`);
  });

  test('that can not be recorded is not served, nor is anything else that came with it', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    let isFull = false;
    const record = async () => {
      if (isFull) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
    };
    const { registry, toolNames, changes } = await loadWith(workspace, { record });
    const before = registry.tool('a__hello');
    change(workspace, 'a');
    workspace.write('plugins/b', pluginFiles('b'));
    isFull = true;
    await expect(registry.reload()).rejects.toThrow(expect.objectContaining({ code: 'LOG_UNAVAILABLE' }));
    expect([toolNames(), changes.told]).toEqual([['a__hello'], 0]);
    expect(registry.tool('a__hello')).toBe(before);
    isFull = false;
    await registry.reload();
    expect(toolNames()).toEqual(['a__hello', 'b__hello']);
  });

  test('with more to say than a record has room for is refused alone', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    workspace.write('plugins/b', pluginFiles('b'));
    const record = async ({ name }: Plugin) => {
      if (name === 'b') throw new SmcpError('RECORD_TOO_LARGE', 'too much');
    };
    const { report, toolNames } = await loadWith(workspace, { record });
    expect(toolNames()).toEqual(['a__hello']);
    expect(report('b')).toMatchObject({ state: 'refused', problems: [{ code: 'RECORD_TOO_LARGE' }] });
  });
});

describe('a reload that fails as a whole leaves everything as it was', () => {
  const invalid = expect.objectContaining({ code: 'CONFIG_INVALID' });
  test.each<[string, (workspace: Workspace) => void]>([
    ['an external directory is gone', (workspace) => renameSync(workspace.path('plugins'), workspace.path('gone'))],
    [
      "the product's own directory is gone",
      (workspace) => renameSync(workspace.path('product'), workspace.path('gone')),
    ],
    [
      'a directory became a file',
      (workspace) => {
        renameSync(workspace.path('plugins'), workspace.path('gone'));
        writeFileSync(workspace.path('plugins'), '');
      },
    ],
    ['a directory became a plugin', (workspace) => workspace.write('plugins', pluginFiles('x'))],
    ['there are too many entries', (workspace) => workspace.fill('plugins', LIMITS.pluginDirectoryEntriesMax + 1)],
    [
      'there are too many plugins',
      (workspace) => {
        for (let index = 0; index < LIMITS.pluginsMax; index++) {
          mkdirSync(workspace.path(`plugins/${index}/plugin.json`), { recursive: true });
        }
      },
    ],
  ])('when %s', async (_what, damage) => {
    using workspace = createWorkspace();
    workspace.write('product/own', pluginFiles('own'));
    workspace.write('plugins/a', pluginFiles('a'));
    const { registry, changes, toolNames } = await loadWith(workspace, { folders: ['product', 'plugins'] });
    const reports = registry.reports();
    damage(workspace);
    await expect(registry.reload()).rejects.toThrow(invalid);
    expect(toolNames()).toEqual(['a__hello', 'own__hello']);
    expect([registry.reports(), changes.told]).toEqual([reports, 0]);
    for (const plugin of registry.plugins()) {
      const modules = await createPluginCode({ logger: silentLogger }).modules(plugin);
      expect([...modules.keys()]).toEqual(['index.js']);
    }
  });

  test('but a product that never had plugins of its own can be loaded again', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const { registry } = await loadWith(workspace, { folders: ['product', 'plugins'] });
    expect(await registry.reload()).toHaveLength(1);
  });
});

describe('reloads at once', () => {
  test('are one that runs and one that waits, which sees what changed after it was asked for', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const { promise, resolve } = gate();
    const records: string[] = [];
    const { registry, toolNames } = await loadWith(workspace, {
      record: async ({ version }) => {
        records.push(version);
        if (version === '2') await promise;
      },
    });
    workspace.write('plugins/a', pluginFiles('a', { version: '2' }));
    const first = registry.reload();
    while (!records.includes('2')) await new Promise((turn) => setImmediate(turn));
    workspace.write('plugins/b', pluginFiles('b', { version: '3' }));
    const others = [registry.reload(), registry.reload(), registry.reload()];
    expect(toolNames()).toEqual(['a__hello']);
    resolve();
    expect((await first).map(({ name }) => name)).toEqual(['a']);
    const [second, ...rest] = await Promise.all(others);
    expect(second?.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(rest.every((reports) => reports === second)).toBe(true);
    expect(records).toEqual(['1.2.3', '2', '2', '3']);
  });

  test('go on after one that failed', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const { registry } = await loadWith(workspace);
    renameSync(workspace.path('plugins'), workspace.path('gone'));
    const failing = registry.reload();
    await expect(failing).rejects.toThrow('plugins directory');
    renameSync(workspace.path('gone'), workspace.path('plugins'));
    expect(await registry.reload()).toHaveLength(1);
  });

  test('end when the server stops, and none begins afterwards', async () => {
    using workspace = createWorkspace();
    for (const name of ['a', 'b', 'c']) workspace.write(`plugins/${name}`, pluginFiles(name));
    const { registry, changes } = await loadWith(workspace);
    for (const name of ['a', 'b', 'c']) change(workspace, name);
    const stopped = expect.objectContaining({ code: 'SHUTTING_DOWN' });
    const reloads = [registry.reload(), registry.reload()].map((one) => expect(one).rejects.toThrow(stopped));
    await registry.close();
    await Promise.all(reloads);
    await expect(registry.reload()).rejects.toThrow(stopped);
    expect(changes.told).toBe(0);
  });
});
