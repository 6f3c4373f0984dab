import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { silentLogger } from '#base/log.ts';
import { watchFolder } from '#base/watch-folder.ts';
import { serveChanges } from '#cli/serve-dev.ts';
import { untilInterrupted } from '#cli/until-interrupted.ts';
import type { PluginReport } from '#domain/manifest.ts';
import { memoryTerminal } from './memory-terminal.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'smcp-dev-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const report = (digest: string, more: Partial<PluginReport> = {}): PluginReport => ({
  ...{ name: 'mine', version: '1', digest: digest as PluginReport['digest'], state: 'ready', runtime: 'isolate' },
  ...{
    tools: ['mine__a'],
    capabilities: [],
    secrets: [],
    problems: [],
    notes: [],
    source: join(root, 'mine'),
    ...more,
  },
});

function dev(reloads: readonly (PluginReport | Error)[]) {
  let count = 0;
  const { terminal, written } = memoryTerminal();
  const reloadPlugins = async () => {
    const next = reloads[Math.min(count, reloads.length - 1)];
    count += 1;
    if (next === undefined || next instanceof Error) throw next;
    return [next];
  };
  const dispose = serveChanges({ app: { reloadPlugins }, logger: silentLogger, terminal }, [root]);
  return { written, dispose, count: () => count };
}

test('--dev says loudly that nobody is asked, and loads again what changes below a directory', async () => {
  const { written, dispose, count } = dev([report('a'), report('b'), new SmcpError('CONFIG_INVALID', 'gone')]);
  using _ = dispose;
  expect(written.err).toContain(`warning: --dev: whatever code appears or changes in ${root} is served at once`);
  await expect.poll(() => count()).toBe(1);
  mkdirSync(join(root, 'mine/deep'), { recursive: true });
  await expect.poll(() => written.err).toContain('dev: mine 1 is ready: mine__a');
  writeFileSync(join(root, 'mine/deep/index.js'), 'x');
  await expect.poll(() => written.err).toContain('not loaded again: CONFIG_INVALID: gone');
});

test('--dev without a directory warns all the same, and one that is missing is no reason to stop', () => {
  const { terminal, written } = memoryTerminal();
  const app = { reloadPlugins: async () => [] };
  using _none = serveChanges({ app, logger: silentLogger, terminal }, []);
  expect(written.err).toContain('no directory: name one by --plugins');
  using _missing = serveChanges({ app, logger: silentLogger, terminal }, [join(root, 'missing')]);
  expect(written.err).toContain('missing is served at once');
});

test('a burst of changes is told together, and nothing after the watch is closed', async () => {
  let told = 0;
  const count = () => {
    told += 1;
  };
  const watch = watchFolder(root, count, { settleMs: 100 });
  for (let at = 0; at < 50; at += 1) writeFileSync(join(root, `f${at}`), 'x');
  await expect.poll(() => told).toBeGreaterThan(0);
  watch.close();
  const before = told;
  expect(before).toBeLessThan(50);
  // Another watch, which is told of the same change: by then the closed one would have been, too.
  const other = watchFolder(root, count, { settleMs: 10 });
  writeFileSync(join(root, 'late'), 'x');
  await expect.poll(() => told).toBeGreaterThan(before);
  other.close();
  expect(told).toBe(before + 1);
});

test('--watch runs again for each change, shows what a run throws, and ends with the interrupt', async () => {
  const { terminal, written } = memoryTerminal();
  let runs = 0;
  const run = async () => {
    runs += 1;
    if (runs === 1) throw new SmcpError('MANIFEST_INVALID', 'half written');
  };
  const ended = untilInterrupted(root, run, terminal);
  await expect.poll(() => written.err).toContain('MANIFEST_INVALID: half written');
  writeFileSync(join(root, 'plugin.json'), '{}');
  await expect.poll(() => runs).toBe(2);
  const before = process.listenerCount('SIGINT');
  process.emit('SIGINT');
  await ended;
  expect(process.listenerCount('SIGINT')).toBe(before - 1);
});
