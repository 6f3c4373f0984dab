// plugins.lock.json under attack: whatever is done to the file, nothing is approved by it that nobody approved.

import { chmodSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Approval } from '#domain/approval.ts';
import { openLockFile } from '#registry/lock-file.ts';
import { loadWith } from './load.ts';
import { createWorkspace, pluginFiles, type Workspace } from './workspace.ts';

async function locked(workspace: Workspace) {
  workspace.write('plugins/a', pluginFiles('a'));
  const seen = new Set<string>();
  const start = () => loadWith(workspace, { approve: 'pinned', seen });
  const world = await start();
  const path = workspace.path('home', 'plugins.lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8')) as { readonly lock: 1; readonly plugins: readonly Approval[] };
  return { start, world, path, lock, write: (value: unknown) => writeFileSync(path, JSON.stringify(value)) };
}

describe('the file of what was approved', () => {
  test('is its owner alone to read and write, and is written again as it was read', async () => {
    using workspace = createWorkspace();
    const { path, start } = await locked(workspace);
    const text = readFileSync(path, 'utf8');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const file = openLockFile(workspace.path('home'));
    file.write(file.read());
    expect(readFileSync(path, 'utf8')).toBe(text);
    // The negative control of what follows: left alone it is taken.
    expect((await start()).report('a')?.state).toBe('ready');
  });

  test('stops the start when it is a link to a good one', async () => {
    using workspace = createWorkspace();
    const { path, start } = await locked(workspace);
    renameSync(path, workspace.path('elsewhere.json'));
    symlinkSync(workspace.path('elsewhere.json'), path);
    await expect(start()).rejects.toMatchObject({ code: 'HOME_UNSAFE' });
  });

  test('stops the start when others may write it', async () => {
    using workspace = createWorkspace();
    const { path, start } = await locked(workspace);
    chmodSync(path, 0o622);
    await expect(start()).rejects.toMatchObject({ code: 'HOME_UNSAFE' });
  });

  test('stops the start wherever it is cut off', async () => {
    using workspace = createWorkspace();
    const { path, start } = await locked(workspace);
    const text = readFileSync(path, 'utf8').trimEnd();
    for (const length of [0, 1, Math.floor(text.length / 2), text.length - 1]) {
      writeFileSync(path, text.slice(0, length));
      await expect(start()).rejects.toMatchObject({ code: 'PLUGINS_LOCK_INVALID' });
    }
  });

  test.each<[string, (lock: { readonly plugins: readonly Approval[] }) => unknown]>([
    ['names a plugin twice', ({ plugins }) => ({ lock: 1, plugins: [...plugins, ...plugins] })],
    ['has another version', ({ plugins }) => ({ lock: 2, plugins })],
    ['has a key that nobody knows', ({ plugins }) => ({ lock: 1, plugins, always: true })],
    ['lacks a digest', ({ plugins }) => ({ lock: 1, plugins: plugins.map(({ faces: _, ...one }) => one) })],
    [
      'says files that are not those of its digest',
      ({ plugins }) => ({ lock: 1, plugins: plugins.map((one) => ({ ...one, files: one.files.slice(1) })) }),
    ],
  ])('stops the start when it %s', async (_, change) => {
    using workspace = createWorkspace();
    const { write, lock, start } = await locked(workspace);
    write(change(lock));
    await expect(start()).rejects.toMatchObject({
      code: 'PLUGINS_LOCK_INVALID',
      details: { remedy: expect.any(String) },
    });
    write(lock);
    expect((await start()).report('a')?.state).toBe('ready');
  });

  test('that breaks while the server runs fails the reload and the approval, and changes nothing', async () => {
    using workspace = createWorkspace();
    const { world, path } = await locked(workspace);
    workspace.write('plugins/b', pluginFiles('b'));
    await world.registry.reload();
    const { digest } = world.registry.review('b');
    writeFileSync(path, '{');
    await expect(world.registry.reload()).rejects.toMatchObject({ code: 'PLUGINS_LOCK_INVALID' });
    expect(() => world.registry.approve('b', { digest, without: [], by: 'admin' })).toThrow(
      expect.objectContaining({ code: 'PLUGINS_LOCK_INVALID' }),
    );
    expect([world.toolNames(), readFileSync(path, 'utf8')]).toEqual([['a__hello'], '{']);
  });

  test('that is gone at a reload approves nothing', async () => {
    using workspace = createWorkspace();
    const { world, path } = await locked(workspace);
    rmSync(path);
    await world.registry.reload();
    expect(world.toolNames()).toEqual([]);
  });
});
