import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { packageDigest } from '#registry/package-digest.ts';
import { readPluginFiles } from '#registry/plugin-tree.ts';
import { createWorkspace } from './workspace.ts';

const read = (path: string) => readPluginFiles(path, { isCopy: false });
const refusal = (text: string) =>
  expect.objectContaining({ code: 'PLUGIN_UNSAFE_FILE', message: expect.stringContaining(text) });

describe('reading the files of a plugin', () => {
  test('gives every file in the order of its bytes, with its executable bit', async () => {
    using workspace = createWorkspace();
    const root = workspace.write('p', { 'b.js': 'B', 'a/é.js': 'E', 'a/z.js': 'Z', 'a.js': 'A', 'ｚ/𝒂.txt': '' });
    chmodSync(workspace.path('p/b.js'), 0o755);
    const files = await read(root);
    expect([...files].map(([path, file]) => [path, Buffer.from(file.bytes).toString(), file.isExecutable])).toEqual([
      ['a.js', 'A', false],
      ['a/z.js', 'Z', false],
      ['a/é.js', 'E', false],
      ['b.js', 'B', true],
      ['ｚ/𝒂.txt', '', false],
    ]);
  });

  test('leaves out .git and __pycache__ wherever and whatever they are', async () => {
    using workspace = createWorkspace();
    const root = workspace.write('p', {
      'index.js': '',
      '.git/config': 'x',
      'lib/__pycache__/a.pyc': 'x',
      'lib/.git': 'gitdir: /elsewhere',
      '.gitignore': 'x',
    });
    expect([...(await read(root)).keys()]).toEqual(['.gitignore', 'index.js']);
  });

  test('reads a link to a file of the plugin as that file, also through other links', async () => {
    using workspace = createWorkspace();
    const root = workspace.write('p', { 'lib/real.js': 'R' });
    symlinkSync('lib/real.js', workspace.path('p/index.js'));
    symlinkSync('../index.js', workspace.path('p/lib/back.js'));
    const files = await read(root);
    expect([...files].map(([path, { bytes }]) => `${path} ${Buffer.from(bytes)}`)).toEqual([
      'index.js R',
      'lib/back.js R',
      'lib/real.js R',
    ]);
  });

  test.each([
    ['/etc/passwd', 'absolute path'],
    ['../outside.js', 'leaves the plugin'],
    ['../p/index.js', 'leaves the plugin'],
    ['lib/../../outside.js', 'leaves the plugin'],
    ['lib', 'link to a folder'],
    ['lib/', 'link to a folder'],
    ['.', 'link to a folder'],
    ['nothing.js', 'leads to no file'],
    ['self.js', 'leads to no file'],
    ['.git/config', 'leads to no file'],
    ['up/index.js', 'leads to no file'],
  ])('refuses a link to %s', async (target, reason) => {
    using workspace = createWorkspace();
    workspace.write('.', { 'outside.js': 'secret' });
    const root = workspace.write('p', { 'index.js': 'I', 'lib/a.js': 'A', '.git/config': 'C' });
    symlinkSync(target, workspace.path('p/self.js'));
    await expect(read(root)).rejects.toThrow(refusal(reason));
  });

  test('refuses pipes and sockets without waiting for them', async () => {
    using workspace = createWorkspace();
    execFileSync('mkfifo', [workspace.path('pipe')]);
    for (const kind of ['pipe', 'socket']) {
      const root = workspace.write(kind === 'pipe' ? 'a' : 'b', { 'index.js': '' });
      if (kind === 'pipe') execFileSync('mkfifo', [`${root}/it`]);
      const server = createServer();
      if (kind === 'socket') await once(server.listen(`${root}/it`), 'listening');
      await expect(read(root)).rejects.toThrow(refusal('neither a file nor a folder'));
      server.close();
    }
  });

  test.each([
    ['a line break', Buffer.from('a\nb.js')],
    ['an escape character', Buffer.from('a\u001b[2J.js')],
    ['a turned reading direction', Buffer.from('a\u202Esj.js')],
    ['a backslash', Buffer.from('a\\b.js')],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff, 0x2e, 0x6a, 0x73])],
  ])('refuses a name with %s', async (_what, name) => {
    using workspace = createWorkspace();
    const root = workspace.write('p', { 'index.js': '' });
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), name]), 'x');
    await expect(read(root)).rejects.toThrow(refusal('has a name with'));
  });

  test('refuses what is too large, too deep or too many', async () => {
    using workspace = createWorkspace();
    const large = workspace.write('large', { 'data.bin': '' });
    truncateSync(`${large}/data.bin`, LIMITS.pluginFileBytesMax + 1);
    await expect(read(large)).rejects.toThrow(refusal(`over ${LIMITS.pluginFileBytesMax} bytes`));

    const sum = workspace.write('sum', { a: '', b: '', c: '', d: '', e: '' });
    for (const name of 'abcde') truncateSync(`${sum}/${name}`, LIMITS.pluginFileBytesMax - 1);
    await expect(read(sum)).rejects.toThrow(refusal(`past the ${LIMITS.pluginBytesMax} bytes`));

    const deep = workspace.write('deep', { [`${'d/'.repeat(LIMITS.pluginFoldersDeepMax)}fits.js`]: '' });
    expect((await read(deep)).size).toBe(1);
    workspace.write('deep', { [`${'d/'.repeat(LIMITS.pluginFoldersDeepMax + 1)}does-not.js`]: '' });
    await expect(read(deep)).rejects.toThrow(refusal('folders deep'));

    expect((await read(workspace.fill('as-many', LIMITS.pluginFilesMax))).size).toBe(LIMITS.pluginFilesMax);
    const many = workspace.fill('many', LIMITS.pluginFilesMax + 1);
    await expect(read(many)).rejects.toThrow(refusal('files and folders'));
  });

  test('refuses a directory that is a link, or not there', async () => {
    using workspace = createWorkspace();
    symlinkSync(workspace.write('p', { 'index.js': '' }), workspace.path('link'));
    await expect(read(workspace.path('link'))).rejects.toThrow(refusal("can't be read"));
    await expect(read(workspace.path('missing'))).rejects.toThrow(refusal('ENOENT'));
  });
});

describe('while somebody swaps a folder of the plugin for a link to elsewhere', () => {
  // What a process of the plugin's owner could do: as often as it can, without waiting for the reader.
  const SWAP = `
    const { renameSync } = require('node:fs');
    process.stdout.write('swapping');
    for (;;) {
      renameSync('p/lib', 'kept'); renameSync('link', 'p/lib');
      renameSync('p/lib', 'link'); renameSync('kept', 'p/lib');
    }`;

  test('nothing from elsewhere is ever read', async () => {
    using workspace = createWorkspace();
    const root = workspace.write('p', { 'lib/index.js': 'own' });
    workspace.write('elsewhere', { 'index.js': 'secret' });
    symlinkSync(workspace.path('elsewhere'), workspace.path('link'));
    const swapper = spawn(process.execPath, ['-e', SWAP], {
      cwd: workspace.path(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(swapper.stdout, 'data');
      const seen = { control: new Set<string>(), ours: new Set<string>() };
      for (let round = 0; round < 400 || !seen.control.has('secret'); round++) {
        const files = await read(root).catch(({ code }: { code: string }) => code);
        seen.ours.add(typeof files === 'string' ? files : [...files.values()].map(({ bytes }) => `${bytes}`).join());
        try {
          seen.control.add(readFileSync(`${root}/lib/index.js`, 'utf8'));
        } catch {
          seen.control.add('gone');
        }
      }
      // The negative control: by its path, the same file did lead elsewhere.
      expect(seen.control).toContain('secret');
      const allowed = ['PLUGIN_UNSAFE_FILE', 'own', ''];
      expect([...seen.ours].filter((one) => !allowed.includes(one))).toEqual([]);
    } finally {
      swapper.kill('SIGKILL');
      await once(swapper, 'exit');
    }
  });
});

test('a plugin with a link has the digest of the same plugin with the file in its place', async () => {
  using workspace = createWorkspace();
  const plain = workspace.write('plain', { 'a.js': 'A', 'b.js': 'A' });
  const linked = workspace.write('linked', { 'a.js': 'A' });
  symlinkSync('a.js', workspace.path('linked/b.js'));
  expect(packageDigest(await read(linked))).toBe(packageDigest(await read(plain)));
});
