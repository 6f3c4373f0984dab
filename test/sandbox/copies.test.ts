// What runs is what was hashed: the registry's copy, the runtime and a real warden together.

import { chmodSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#base/log.ts';
import type { Plugin } from '#domain/manifest.ts';
import { packageDigest } from '#registry/package-digest.ts';
import { createPluginCode, openPluginCopies } from '#registry/plugin-copies.ts';
import { readPluginFiles } from '#registry/plugin-tree.ts';
import { codeOf, createTestSandbox, folderCode, type TestSandbox, wardenPids } from './harness.ts';

const SOURCE = 'export const tools = { go: () => "as it was hashed" };';
const CHANGED = 'export const tools = { go: () => "changed" };';
const sandbox = createTestSandbox({ code: createPluginCode({ logger: silentLogger }) });
const trusting = createTestSandbox({ code: folderCode });
let plugin: Plugin;

beforeAll(async () => {
  const original = sandbox.plugin(SOURCE);
  const files = await readPluginFiles(original.directory, { isCopy: false });
  const digest = packageDigest(files);
  const copies = await openPluginCopies({ logger: silentLogger }, join(sandbox.root, 'home'));
  plugin = { ...original, digest, directory: await copies.install(files, digest) };
});
afterAll(async () => {
  chmodSync(plugin.directory, 0o700);
  rmSync(plugin.directory, { recursive: true });
  await Promise.all([sandbox.close(), trusting.close()]);
});

/** Changes the copy as the home's owner could, and leaves nothing else to be noticed. */
function changeCopy(text: string): void {
  const file = join(plugin.directory, 'index.js');
  const { mode } = statSync(file);
  chmodSync(file, 0o644);
  writeFileSync(file, text);
  chmodSync(file, mode);
}

async function endWardens(): Promise<void> {
  const pids = wardenPids();
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  // Gone from /proc once they are reaped, which is when the runtime learns of it.
  await expect.poll(() => pids.some((pid) => existsSync(`/proc/${pid}`))).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
}

const value = async (from: TestSandbox) => {
  const outcome = await from.call(plugin, 'go');
  return outcome.kind === 'returned' ? JSON.parse(outcome.resultJson) : codeOf(outcome);
};

describe('a copy that is changed while the server runs', () => {
  test('never runs: not in the warden that is there, and not in one that is started later', async () => {
    expect(await value(sandbox)).toBe('as it was hashed');
    changeCopy(CHANGED);
    expect(await value(sandbox)).toBe('as it was hashed');
    await endWardens();
    expect(await sandbox.call(plugin, 'go')).toMatchObject({
      kind: 'failed',
      effect: 'known',
      error: { code: 'PLUGIN_TAMPERED', details: { remedy: expect.stringContaining('restart') } },
    });
    // At once again: it backs off, and still says why.
    expect(await value(sandbox)).toBe('PLUGIN_TAMPERED');
  });

  test('runs where nobody hashes it again: the negative control', async () => {
    expect(await value(trusting)).toBe('changed');
  });

  test('runs again once it is as it was', async () => {
    changeCopy(SOURCE);
    await expect.poll(() => value(sandbox), { interval: 200 }).toBe('as it was hashed');
  });
});
