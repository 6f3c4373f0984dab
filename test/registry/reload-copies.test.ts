// The copies that run, while plugins change: which are kept, which are removed, and what happens when they can't be written.

import { readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { digestHex } from '#base/digest.ts';
import { silentLogger } from '#base/log.ts';
import type { Plugin } from '#domain/manifest.ts';
import { createPluginCode, openPluginCopies } from '#registry/plugin-copies.ts';
import { createDisabledPlugins, loadWith } from './load.ts';
import { createWorkspace, pluginFiles, type Workspace } from './workspace.ts';

const change = (workspace: Workspace, name: string, text: string) =>
  writeFileSync(workspace.path('plugins', name, 'index.js'), text);
const copies = (workspace: Workspace) => readdirSync(workspace.path('home/plugins')).sort();
const digestOf = (plugin: Plugin | undefined) => digestHex(plugin?.digest ?? 'sha256:');

describe('copies of code that is served no more', () => {
  test('are kept through one more reload, for calls that were let in before, and then removed', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const { registry } = await loadWith(workspace);
    const digests = [digestOf(registry.plugins()[0])];
    for (const text of ['// 2', '// 3']) {
      const before = registry.plugins()[0];
      change(workspace, 'a', text);
      await registry.reload();
      digests.push(digestOf(registry.plugins()[0]));
      expect(copies(workspace)).toEqual(digests.slice(-2).sort());
      if (before === undefined) throw new Error('it was served');
      expect((await createPluginCode({ logger: silentLogger }).modules(before)).size).toBe(1);
    }
    expect(new Set(digests).size).toBe(3);
  });

  test('are removed at the start, and nothing else that lies there', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    workspace.write('plugins/off', pluginFiles('off'));
    const disabled = createDisabledPlugins();
    const { registry } = await loadWith(workspace, { disabled });
    const [a, off] = registry.plugins();
    registry.disable('off', 'ana');
    workspace.write(`home/plugins/${'f'.repeat(64)}`, { 'index.js': 'old' });
    workspace.write('home/plugins/notes', { 'mine.txt': '' });
    symlinkSync(workspace.write('kept', { 'mine.txt': '' }), workspace.path('home/plugins', 'e'.repeat(64)));
    await loadWith(workspace, { disabled });
    expect(copies(workspace)).toEqual([digestOf(a), digestOf(off), 'notes'].sort());
    expect(readdirSync(workspace.path('kept'))).toEqual(['mine.txt']);
  });

  test('stop nothing when they can not be looked at', async () => {
    using workspace = createWorkspace();
    const opened = await openPluginCopies({ logger: silentLogger }, workspace.path('home'));
    renameSync(workspace.path('home/plugins'), workspace.path('home/moved'));
    await expect(opened.removeOthers([])).resolves.toBeUndefined();
  });
});

describe('a copy', () => {
  test('that can not be written fails the reload, and what was served is served on', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const { registry, toolNames, changes } = await loadWith(workspace);
    renameSync(workspace.path('home/plugins'), workspace.path('home/moved'));
    writeFileSync(workspace.path('home/plugins'), '');
    await expect(registry.reload()).rejects.toThrow(expect.objectContaining({ code: 'HOME_INVALID' }));
    expect([toolNames(), changes.told]).toEqual([['a__hello'], 0]);
  });

  test('that was changed is written again by a reload, though its plugin is as it was', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const { registry, changes } = await loadWith(workspace);
    const [plugin] = registry.plugins();
    if (plugin === undefined) throw new Error('it is served');
    renameSync(plugin.directory, workspace.path('home/taken'));
    const code = createPluginCode({ logger: silentLogger });
    await expect(code.modules(plugin)).rejects.toThrow(expect.objectContaining({ code: 'PLUGIN_TAMPERED' }));
    await registry.reload();
    expect((await code.modules(plugin)).size).toBe(1);
    expect([registry.plugins()[0] === plugin, changes.told]).toEqual([true, 0]);
  });
});
