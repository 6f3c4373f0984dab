// Loads the plugins of a workspace, as the start of a server does.

import { expect } from 'vitest';
import { loadRegistry } from '#registry/load-registry.ts';
import { createRememberingLogger, createWorkspace, pluginFiles, type Workspace } from './workspace.ts';

/** Loads the plugins directories of these names (`plugins` by default); the one called `product` is the product's own. */
export async function load(workspace: Workspace, ...folders: readonly string[]) {
  const logger = createRememberingLogger();
  const registry = await loadRegistry(
    { logger },
    {
      directories: (folders.length === 0 ? ['plugins'] : folders).map((name) => ({
        path: workspace.path(name),
        origin: name === 'product' ? 'product' : 'external',
      })),
      home: workspace.path('home'),
      availableCapabilities: ['clock', 'random'],
    },
  );
  const report = (name: string) => registry.reports().find((one) => one.name === name);
  return { registry, logger, report };
}

/** Loads one plugin with a changed manifest beside a good one, which has to be served whatever the first is like. */
export async function problemsOf(changes: object, files: { readonly [path: string]: unknown } = {}) {
  using workspace = createWorkspace();
  workspace.write('plugins/good', pluginFiles('good'));
  workspace.write('plugins/bad', { ...pluginFiles('bad', changes), ...files });
  const { registry } = await load(workspace);
  expect(registry.tool('good__hello')).toBeDefined();
  const bad = registry.reports().find(({ source }) => source === workspace.path('plugins/bad'));
  return { problems: bad?.problems ?? [], state: bad?.state, tools: bad?.tools };
}
