// Plugins by the digest of their code, from the copies in a home.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { packageDigest } from '#registry/package-digest.ts';
import { createPluginArchive } from '#registry/plugin-archive.ts';
import { openPluginCopies } from '#registry/plugin-copies.ts';
import { readPluginFiles } from '#registry/plugin-tree.ts';
import { createRememberingLogger, createWorkspace, manifest, tool, type Workspace } from './workspace.ts';

async function install(workspace: Workspace, name: string, files: { readonly [path: string]: unknown }) {
  const read = await readPluginFiles(workspace.write(name, files), { isCopy: false });
  const digest = packageDigest(read);
  const copies = await openPluginCopies({ logger: createRememberingLogger() }, workspace.path('home'));
  return { digest, copy: await copies.install(read, digest) };
}

const isolate = (changes: object = {}) => ({ 'plugin.json': manifest('old', changes), 'index.js': 'export {};' });

describe('the archive of plugins', () => {
  test('gives a plugin of a copy with its tools, whatever is served now', async () => {
    using workspace = createWorkspace();
    const { digest, copy } = await install(workspace, 'p', isolate({ tools: [tool('hello'), tool('bye')] }));
    const plugin = await createPluginArchive(workspace.path('home')).plugin(digest);
    expect(plugin).toMatchObject({ name: 'old', version: '1.2.3', digest, directory: copy });
    expect(plugin?.tools.map(({ name }) => name)).toEqual(['old__hello', 'old__bye']);
    expect(plugin?.tools[0]?.checkInput({})).toHaveLength(1);
  });

  test('has none of another digest, nor of a program that was asked for its tools', async () => {
    using workspace = createWorkspace();
    const archive = createPluginArchive(workspace.path('home'));
    const { digest } = await install(workspace, 'bare', { 'cli.py': 'print()' });
    expect(await archive.plugin(sha256('another'))).toBeUndefined();
    expect(await archive.plugin(digest)).toBeUndefined();
  });

  test('refuses a copy that was changed', async () => {
    using workspace = createWorkspace();
    const { digest, copy } = await install(workspace, 'p', isolate());
    const file = join(copy, 'index.js');
    chmodSync(file, 0o644);
    writeFileSync(file, 'export const tools = {};');
    chmodSync(file, 0o444);
    const archive = createPluginArchive(workspace.path('home'));
    await expect(archive.plugin(digest)).rejects.toMatchObject({ code: 'PLUGIN_TAMPERED' });
  });

  test('refuses one that is no longer as it was written, though its bytes are', async () => {
    using workspace = createWorkspace();
    const { digest, copy } = await install(workspace, 'p', isolate());
    chmodSync(join(copy, 'index.js'), 0o644);
    await expect(createPluginArchive(workspace.path('home')).plugin(digest)).rejects.toMatchObject({
      code: 'PLUGIN_TAMPERED',
    });
  });
});
