// Plugins of the command-line protocol that have a manifest: what it decides, and what is the program's.

import { describe, expect, test } from 'vitest';
import { loadWith } from './load.ts';
import { cliFiles, cliManifest, createModelProber, description, helpOf } from './programs.ts';
import { createWorkspace } from './workspace.ts';

describe('a manifest of a program that speaks by command line', () => {
  test('without tools leaves them to the program, and decides all else', async () => {
    using workspace = createWorkspace();
    const made = cliManifest('named', { version: '9', capabilities: { clock: true } });
    workspace.write('plugins/old', { ...cliFiles(), 'plugin.json': made });
    const { registry, report } = await loadWith(workspace, { prober: createModelProber() });
    expect(report('named')).toMatchObject({ state: 'ready', version: '9', capabilities: ['clock'] });
    const tool = registry.tool('named__run');
    expect(tool).toMatchObject({ capabilities: { clock: true }, plan: { command: ['run'] } });
    expect(tool?.plugin.isDiscovered).toBeUndefined();
  });

  test('with tools shows those, as it describes them', async () => {
    using workspace = createWorkspace();
    const input = { type: 'object', properties: { what: { enum: ['a'] } }, additionalProperties: false };
    const tools = [{ name: 'run', title: 'Run', description: 'Mine', input, timeoutMs: 50 }];
    const script = { '--describe': description({ run: ['what'], other: [] }), 'other --help': helpOf('other') };
    workspace.write('plugins/p', { ...cliFiles(script), 'plugin.json': cliManifest('p', { tools }) });
    const { registry, toolNames } = await loadWith(workspace, { prober: createModelProber() });
    expect(toolNames()).toEqual(['p__run']);
    expect(registry.tool('p__run')).toMatchObject({
      ...{ title: 'Run', description: 'Mine', inputSchema: input, limits: { timeoutMs: 50 } },
      plan: { arguments: [{ property: 'what', spelling: '--what' }] },
    });
  });

  test('with a tool or an argument that the program does not have is to be mended', async () => {
    using workspace = createWorkspace();
    const input = { type: 'object', properties: { waht: { type: 'string' } } };
    const tools = ['run', 'rum'].map((name) => ({ name, description: 'd', input }));
    workspace.write('plugins/p', { ...cliFiles(), 'plugin.json': cliManifest('p', { tools }) });
    const { report } = await loadWith(workspace, { prober: createModelProber() });
    expect(report('p')).toMatchObject({
      state: 'refused',
      problems: [
        { code: 'MANIFEST_INVALID', pointer: '/tools/0/input/properties/waht', remedy: 'did you mean "what"?' },
        { code: 'MANIFEST_INVALID', pointer: '/tools/1/name', remedy: 'did you mean "run"?' },
      ],
    });
  });
});
