import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Digest, digestHex } from '#base/digest.ts';
import { silentLogger } from '#base/log.ts';
import type { Plugin } from '#domain/manifest.ts';
import { packageDigest } from '#registry/package-digest.ts';
import { createPluginCode, openPluginCopies } from '#registry/plugin-copies.ts';
import { readPluginFiles } from '#registry/plugin-tree.ts';
import { createRememberingLogger, createWorkspace, type Workspace } from './workspace.ts';

const FILES = { 'plugin.json': '{}', 'index.js': 'own', 'lib/run.sh': '#!/bin/sh\n' };

async function install(workspace: Workspace, logger = createRememberingLogger()) {
  const root = workspace.write('p', FILES);
  chmodSync(`${root}/lib/run.sh`, 0o700);
  const files = await readPluginFiles(root, { isCopy: false });
  const digest = packageDigest(files);
  const copies = await openPluginCopies({ logger }, workspace.path('home'));
  const copy = await copies.install(files, digest);
  return { copy, digest, files, copies, logger };
}

const permissions = (path: string) => statSync(path).mode & 0o777;

/** Changes what is read-only, and makes it read-only again: only the change itself is there to be found. */
function unlocked(path: string, change: (path: string) => void): void {
  const before = permissions(path);
  chmodSync(path, before | 0o200);
  change(path);
  chmodSync(path, before);
}

const digestOf = async (path: string) => packageDigest(await readPluginFiles(path, { isCopy: true }));

describe('the copy that runs', () => {
  test('lies under its digest and holds exactly what was hashed, read-only', async () => {
    using workspace = createWorkspace();
    const { copy, digest } = await install(workspace);
    expect(copy).toBe(workspace.path('home/plugins', digestHex(digest)));
    expect(await digestOf(copy)).toBe(digest);
    expect(readdirSync(copy).sort()).toEqual(['index.js', 'lib', 'plugin.json']);
    expect([permissions(copy), permissions(join(copy, 'lib'))]).toEqual([0o555, 0o555]);
    expect([permissions(join(copy, 'index.js')), permissions(join(copy, 'lib/run.sh'))]).toEqual([0o444, 0o555]);
    expect(readdirSync(workspace.path('home/plugins'))).toEqual([digestHex(digest)]);
    expect(permissions(workspace.path('home/plugins'))).toBe(0o700);
  });

  test('holds what was hashed though the plugin is changed between hash and copy', async () => {
    using workspace = createWorkspace();
    const root = workspace.write('p', FILES);
    const files = await readPluginFiles(root, { isCopy: false });
    const digest = packageDigest(files);
    writeFileSync(`${root}/index.js`, 'changed');
    unlinkSync(`${root}/lib/run.sh`);
    symlinkSync('/etc/passwd', `${root}/lib/run.sh`);
    const copies = await openPluginCopies({ logger: silentLogger }, workspace.path('home'));
    const copy = await copies.install(files, digest);
    expect(readFileSync(join(copy, 'index.js'), 'utf8')).toBe('own');
    expect(await digestOf(copy)).toBe(digest);
    // The negative control: who reads the plugin a second time gets something else.
    expect(readFileSync(`${root}/index.js`, 'utf8')).toBe('changed');
  });

  test('is left alone when it is intact', async () => {
    using workspace = createWorkspace();
    const { copy, copies, files, digest, logger } = await install(workspace);
    const { ino } = statSync(copy);
    expect(await copies.install(files, digest)).toBe(copy);
    expect(statSync(copy).ino).toBe(ino);
    expect(logger.lines).toEqual([]);
  });

  test.each<[string, (copy: string) => void]>([
    ['a file is changed', (copy) => unlocked(join(copy, 'index.js'), (file) => writeFileSync(file, 'evil'))],
    ['a file is added', (copy) => unlocked(copy, () => writeFileSync(join(copy, 'more.js'), '', { mode: 0o444 }))],
    [
      'a cache is added that a plugin could not bring',
      (copy) =>
        unlocked(copy, () => {
          mkdirSync(join(copy, '__pycache__'));
          writeFileSync(join(copy, '__pycache__/index.pyc'), '', { mode: 0o444 });
          chmodSync(join(copy, '__pycache__'), 0o555);
        }),
    ],
    ['a file is taken away', (copy) => unlocked(copy, () => unlinkSync(join(copy, 'index.js')))],
    ['a file is writable', (copy) => chmodSync(join(copy, 'index.js'), 0o644)],
    ['a file is executable', (copy) => chmodSync(join(copy, 'index.js'), 0o555)],
    ['a folder is writable', (copy) => chmodSync(join(copy, 'lib'), 0o755)],
    [
      'a file is a link to the same bytes',
      (copy) =>
        unlocked(copy, () => {
          unlinkSync(join(copy, 'index.js'));
          symlinkSync('../../../p/index.js', join(copy, 'index.js'));
        }),
    ],
  ])('is written again when %s', async (_what, tamper) => {
    using workspace = createWorkspace();
    const { copy, copies, files, digest, logger } = await install(workspace);
    tamper(copy);
    await copies.install(files, digest);
    expect(await digestOf(copy)).toBe(digest);
    expect(logger.lines.map(({ level, fields }) => [level, fields['digest']])).toEqual([['warn', digest]]);
    expect(readdirSync(workspace.path('home/plugins'))).toEqual([digestHex(digest)]);
    expect(readFileSync(workspace.path('p/index.js'), 'utf8')).toBe('own');
  });

  test('is whole or absent: what an interrupted start left is removed', async () => {
    using workspace = createWorkspace();
    workspace.write('home/plugins/.unfinished-00', { 'lib/index.js': 'half' });
    workspace.write('home/plugins/.discarded-00', { 'index.js': 'old' });
    chmodSync(workspace.path('home/plugins/.discarded-00'), 0o555);
    symlinkSync(workspace.write('kept', { 'a.js': 'mine' }), workspace.path('home/plugins/.unfinished-01'));
    chmodSync(workspace.path('home/plugins'), 0o700);
    await openPluginCopies({ logger: silentLogger }, workspace.path('home'));
    expect(readdirSync(workspace.path('home/plugins'))).toEqual([]);
    expect(readFileSync(workspace.path('kept/a.js'), 'utf8')).toBe('mine');
  });
});

describe('the code that is taken from a copy', () => {
  const asPlugin = (directory: string, digest: Digest) => ({ name: 'p', directory, digest }) as Plugin;

  test('is every module of it, and nothing else', async () => {
    using workspace = createWorkspace();
    const { copy, digest } = await install(workspace);
    const modules = await createPluginCode({ logger: silentLogger }).modules(asPlugin(copy, digest));
    expect([...modules].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])).toEqual([['index.js', 'own']]);
  });

  test.each<[string, (copy: string) => void]>([
    ['a module was changed', (copy) => unlocked(join(copy, 'index.js'), (file) => writeFileSync(file, 'evil'))],
    ['a file was added', (copy) => unlocked(copy, () => writeFileSync(join(copy, 'more.js'), '', { mode: 0o444 }))],
    ['a file is writable', (copy) => chmodSync(join(copy, 'index.js'), 0o644)],
    ['it is gone', (copy) => renameSync(copy, `${copy}-gone`)],
  ])('is refused when %s, and told in the log', async (_what, tamper) => {
    using workspace = createWorkspace();
    const { copy, digest } = await install(workspace);
    tamper(copy);
    const logger = createRememberingLogger();
    await expect(createPluginCode({ logger }).modules(asPlugin(copy, digest))).rejects.toThrow(
      expect.objectContaining({ code: 'PLUGIN_TAMPERED' }),
    );
    expect(logger.lines.map(({ level, fields }) => [level, fields['digest']])).toEqual([['error', digest]]);
  });
});

describe('a folder for copies that others control', () => {
  test.each<[string, (workspace: Workspace) => void]>([
    ['is a link', (workspace) => symlinkSync(workspace.write('other', { a: '' }), workspace.path('home/plugins'))],
    [
      'is writable by others',
      (workspace) => {
        mkdirSync(workspace.path('home/plugins'));
        chmodSync(workspace.path('home/plugins'), 0o777);
      },
    ],
  ])('is refused when it %s', async (_what, prepare) => {
    using workspace = createWorkspace();
    mkdirSync(workspace.path('home'));
    prepare(workspace);
    await expect(openPluginCopies({ logger: silentLogger }, workspace.path('home'))).rejects.toThrow(
      expect.objectContaining({ code: 'HOME_UNSAFE' }),
    );
  });
});
