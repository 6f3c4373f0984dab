import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '#base/log.ts';
import { AVAILABLE_CAPABILITIES } from '#broker/broker.ts';
import { checkPluginDirectory } from '#registry/check-directory.ts';
import { readTools } from '#registry/read-tools.ts';
import { createWorkspace, pluginFiles, tool } from './workspace.ts';

/** No program of these plugins has to be asked. */
const openWorkshop = () => Promise.reject(new Error('opened'));
const OPTIONS = { availableCapabilities: ['clock', 'random'] as const };

describe('the check of a directory', () => {
  test.each(['demo_math', 'demo_text', 'http_fetch', 'shell'])(
    'finds nothing wrong with the bundled plugin %s',
    async (name) => {
      const { report, warnings } = await checkPluginDirectory(
        { openWorkshop },
        join(import.meta.dirname, '../../plugins', name),
        { availableCapabilities: AVAILABLE_CAPABILITIES },
      );
      expect(report).toMatchObject({ name, state: 'ready', problems: [] });
      expect(warnings).toEqual([]);
    },
  );

  test('tells the tools of a good plugin, and warns of a directory with another name', async () => {
    using workspace = createWorkspace();
    const { report, warnings } = await checkPluginDirectory(
      { openWorkshop },
      workspace.write('x', pluginFiles('w')),
      OPTIONS,
    );
    expect([report.state, report.tools]).toEqual(['ready', ['w__hello']]);
    const pointers = warnings.map(({ pointer }) => pointer);
    expect(pointers).toEqual(['/name', '/description', '/tools/0/description', '/tools/0/input/properties/who']);
  });

  test('tells every problem of a bad one, and writes nothing', async () => {
    using workspace = createWorkspace();
    const changes = { runtime: { kind: 'isolate', entry: 'x.js' }, capabilities: { store: { bytesMax: 1 } } };
    const { report } = await checkPluginDirectory(
      { openWorkshop },
      workspace.write('w', pluginFiles('w', changes)),
      OPTIONS,
    );
    expect(report.problems.map(({ pointer }) => pointer)).toEqual(['/runtime/entry', '/capabilities/store']);
    expect(existsSync(workspace.path('home'))).toBe(false);
  });

  test('tells of a directory without plugin.json, and refuses what is no directory', async () => {
    using workspace = createWorkspace();
    const { report } = await checkPluginDirectory({ openWorkshop }, workspace.write('w', { 'index.js': '' }), OPTIONS);
    expect(report.problems).toMatchObject([
      {
        code: 'MANIFEST_INVALID',
        file: 'plugin.json',
        message: expect.stringContaining('neither plugin.json nor cli.py'),
      },
    ]);
    const missing = expect.objectContaining({ code: 'NOT_FOUND' });
    await expect(checkPluginDirectory({ openWorkshop }, workspace.path('nothing'), OPTIONS)).rejects.toThrow(missing);
    await expect(checkPluginDirectory({ openWorkshop }, workspace.path('w/index.js'), OPTIONS)).rejects.toThrow(
      missing,
    );
  });
});

test('the tools that would be served are read without a home; refused and doubled ones are left out', async () => {
  using workspace = createWorkspace();
  workspace.write('plugins/b', pluginFiles('b', { tools: [tool('y'), tool('x', { input: { type: 'object' } })] }));
  workspace.write('plugins/refused', pluginFiles('refused', { version: '' }));
  workspace.write('plugins/one', pluginFiles('twice'));
  workspace.write('plugins/two', pluginFiles('twice'));
  const directories = [{ path: workspace.path('plugins'), origin: 'external' as const }];
  const tools = await readTools({ logger: silentLogger, openWorkshop }, { directories, ...OPTIONS });
  expect(tools.map(({ name }) => name)).toEqual(['b__x', 'b__y']);
  expect(tools[0]?.inputSchema).toEqual({ type: 'object' });
  expect(existsSync(workspace.path('home'))).toBe(false);
});
