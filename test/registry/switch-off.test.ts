// A plugin that a person switched off: gone at once, for good, and back when a person says so.

import { describe, expect, test } from 'vitest';
import type { DisabledPluginStore } from '#domain/store-ports.ts';
import { createDisabledPlugins, loadWith } from './load.ts';
import { createWorkspace, pluginFiles, type Workspace } from './workspace.ts';

function twoPlugins(workspace: Workspace): void {
  workspace.write('plugins/a', pluginFiles('a'));
  workspace.write('plugins/b', pluginFiles('b'));
}

describe('a plugin that is switched off', () => {
  test('serves no tool, says so with the remedy, and leaves the others alone', async () => {
    using workspace = createWorkspace();
    twoPlugins(workspace);
    const { registry, report, toolNames } = await loadWith(workspace);
    const before = report('a');
    expect(toolNames()).toEqual(['a__hello', 'b__hello']);
    const off = registry.disable('a', 'ana');
    expect(toolNames()).toEqual(['b__hello']);
    expect(registry.tool('a__hello')).toBeUndefined();
    expect(registry.plugins().map(({ name }) => name)).toEqual(['b']);
    expect(off).toEqual({
      ...before,
      state: 'disabled',
      tools: [],
      problems: [
        {
          code: 'PLUGIN_DISABLED',
          file: '',
          pointer: '',
          message: expect.stringMatching(/^switched off by ana since \d{4}-.*Z$/),
          remedy: 'smcp plugin enable a',
        },
      ],
    });
    expect([report('a'), report('b')?.state]).toEqual([off, 'ready']);
  });

  test('is served again, as the very same code, when it is switched on', async () => {
    using workspace = createWorkspace();
    twoPlugins(workspace);
    const { registry, report } = await loadWith(workspace);
    const [before, tool] = [report('a'), registry.tool('a__hello')];
    registry.disable('a', 'ana');
    expect(registry.enable('a')).toEqual(before);
    expect(registry.tool('a__hello')).toBe(tool);
  });

  test('is told to listeners once, and not when nothing changes', async () => {
    using workspace = createWorkspace();
    twoPlugins(workspace);
    const { registry, changes, report } = await loadWith(workspace);
    registry.enable('a');
    expect(changes.told).toBe(0);
    registry.disable('a', 'ana');
    const first = report('a');
    registry.disable('a', 'somebody else');
    expect([changes.told, report('a')]).toEqual([1, first]);
    registry.enable('a');
    registry.enable('a');
    expect(changes.told).toBe(2);
  });

  test('is gone already when listeners are told', async () => {
    using workspace = createWorkspace();
    twoPlugins(workspace);
    const { registry, toolNames } = await loadWith(workspace);
    const seen: (readonly string[])[] = [];
    registry.onChange(() => seen.push(toolNames()));
    registry.disable('a', 'ana');
    registry.enable('a');
    expect(seen).toEqual([['b__hello'], ['a__hello', 'b__hello']]);
  });

  test('stays so after a restart, also when it was away for a while', async () => {
    using workspace = createWorkspace();
    twoPlugins(workspace);
    const disabled = createDisabledPlugins();
    (await loadWith(workspace, { disabled })).registry.disable('a', 'ana');
    const { registry, report } = await loadWith(workspace, { disabled });
    expect([report('a')?.state, registry.tool('a__hello')]).toEqual(['disabled', undefined]);
    const elsewhere = await loadWith(workspace, { disabled, folders: ['product'] });
    expect(elsewhere.registry.reports()).toEqual([]);
    expect((await loadWith(workspace, { disabled })).report('a')?.state).toBe('disabled');
    // The negative control: without what was kept it is served.
    expect((await loadWith(workspace)).report('a')?.state).toBe('ready');
  });

  test('is recorded like the others, so that it can be served the moment it is switched on', async () => {
    using workspace = createWorkspace();
    twoPlugins(workspace);
    const disabled = createDisabledPlugins();
    disabled.put('a', 'ana', 0);
    const { registry, recorded } = await loadWith(workspace, { disabled });
    registry.enable('a');
    expect(recorded).toContain(`a ${registry.tool('a__hello')?.plugin.digest}`);
  });

  test('that is refused, too, tells both, and switching it on does not mend it', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a', { tools: [] }));
    const { registry, report, changes } = await loadWith(workspace);
    registry.disable('a', 'ana');
    expect(report('a')).toMatchObject({
      state: 'disabled',
      problems: [{ code: 'PLUGIN_DISABLED' }, { code: 'MANIFEST_INVALID' }],
    });
    expect(registry.enable('a').state).toBe('refused');
    expect(changes.told).toBe(0);
  });

  test('is the one that is told, not a directory of its name that is refused', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/z', pluginFiles('a'));
    workspace.write('plugins/a', { 'plugin.json': '{' });
    const { registry } = await loadWith(workspace);
    expect(registry.reports().map(({ name, state }) => `${name} ${state}`)).toEqual(['a refused', 'a ready']);
    expect(registry.disable('a', 'ana').source).toBe(workspace.path('plugins/a'));
    expect(registry.tools()).toEqual([]);
    expect(registry.enable('a')).toMatchObject({ state: 'ready', source: workspace.path('plugins/z') });
  });

  test('makes who switched it off visible, whatever the name', async () => {
    using workspace = createWorkspace();
    twoPlugins(workspace);
    const { registry } = await loadWith(workspace);
    expect(JSON.stringify(registry.disable('a', 'x\u001b[2J\u202e'))).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('a name that no plugin has', () => {
  test.each([
    ['demo_txt', 'did you mean demo_text?'],
    ['zzz', 'see smcp plugin list'],
    ['', 'see smcp plugin list'],
    ['__proto__', 'see smcp plugin list'],
  ])('%j is an error with the nearest that is one, and nothing is kept', async (name, remedy) => {
    using workspace = createWorkspace();
    workspace.write('plugins/demo_text', pluginFiles('demo_text'));
    const disabled = createDisabledPlugins();
    const { registry } = await loadWith(workspace, { disabled });
    const unknown = expect.objectContaining({
      code: 'PLUGIN_UNKNOWN',
      details: { remedy: expect.stringContaining(remedy) },
    });
    expect(() => registry.disable(name, 'ana')).toThrow(unknown);
    expect(() => registry.enable(name)).toThrow(unknown);
    expect(disabled.list()).toEqual([]);
  });

  test('is shown short and visible', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('a'));
    const { registry } = await loadWith(workspace);
    const name = `\u001b${'x'.repeat(10_000)}`;
    expect(() => registry.disable(name, 'ana')).toThrow(/^no plugin is called \\u\{1b\}x{63}… \(9937 more\)$/);
  });
});

test('a plugin is off although that can not be kept, and is not on again before that can', async () => {
  using workspace = createWorkspace();
  twoPlugins(workspace);
  const full = (): never => {
    throw new Error('the disk is full');
  };
  const rows = createDisabledPlugins();
  const disabled = { ...rows, put: full as DisabledPluginStore['put'], remove: full };
  rows.put('b', 'ana', 0);
  const { registry, toolNames, changes } = await loadWith(workspace, { disabled });
  expect(() => registry.disable('a', 'ana')).toThrow('the disk is full');
  expect(() => registry.enable('b')).toThrow('the disk is full');
  expect([toolNames(), changes.told]).toEqual([[], 1]);
  disabled.put = rows.put;
  registry.disable('a', 'bea');
  expect(rows.list().find(({ name }) => name === 'a')).toMatchObject({ by: 'ana' });
});
