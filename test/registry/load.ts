// Loads the plugins of a workspace, as the start of a server does, and lets a test stand in for what is around it.

import { expect } from 'vitest';
import { systemClock } from '#base/clock.ts';
import type { PluginProber } from '#domain/discovery-ports.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { DisabledPluginStore } from '#domain/store-ports.ts';
import { loadRegistry, type RegistryOptions, type RegistryPorts } from '#registry/load-registry.ts';
import { createRememberingLogger, createWorkspace, pluginFiles, type Workspace } from './workspace.ts';

/** As the database keeps it, without the database. */
export function createDisabledPlugins(): DisabledPluginStore {
  const rows = new Map<string, { readonly name: string; readonly by: string; readonly sinceMs: number }>();
  return {
    list: () => [...rows.values()],
    put: (name, by, sinceMs) => {
      if (!rows.has(name)) rows.set(name, { name, by, sinceMs });
    },
    remove: (name) => rows.delete(name),
  };
}

export type LoadOptions = Partial<Pick<RegistryPorts, 'disabled' | 'record'>> &
  Pick<RegistryOptions, 'admit' | 'discoveredTimeoutMs'> & {
    /** `always` by default: what may be served is for the tests of approval. */
    readonly approve?: RegistryOptions['approve'];
    /** What the database remembers; absent: a new home. */
    readonly seen?: Set<string>;
    /** `clock` and `random` by default. */
    readonly available?: RegistryOptions['availableCapabilities'];
    readonly prober?: PluginProber;
    /** Version of the product for which answers of programs are kept; absent: they are not. */
    readonly product?: string;
    /** Names of plugins directories; `plugins` by default. The one called `product` is the product's own. */
    readonly folders?: readonly string[];
  };

/** `recorded`: `name digest` of what was recorded, in order; `told`: how often a change was told. */
export async function loadWith(workspace: Workspace, options: LoadOptions = {}) {
  const { folders = ['plugins'], admit, prober, product, discoveredTimeoutMs } = options;
  const { approve = 'always', seen = new Set<string>() } = options;
  const logger = createRememberingLogger();
  const recorded: string[] = [];
  const record = async (plugin: Plugin) => {
    await options.record?.(plugin);
    recorded.push(`${plugin.name} ${plugin.digest}`);
  };
  const registry = await loadRegistry(
    {
      ...{ logger, clock: systemClock, disabled: options.disabled ?? createDisabledPlugins(), record },
      seen: { has: (path) => seen.has(path), add: (path) => void seen.add(path) },
      ...(prober === undefined ? {} : { prober }),
    },
    {
      directories: folders.map((name) => ({
        path: workspace.path(name),
        origin: name === 'product' ? 'product' : 'external',
      })),
      home: workspace.path('home'),
      availableCapabilities: options.available ?? ['clock', 'random'],
      approve,
      ...(admit === undefined ? {} : { admit }),
      ...(product === undefined ? {} : { product }),
      ...(discoveredTimeoutMs === undefined ? {} : { discoveredTimeoutMs }),
    },
  );
  const changes = { told: 0 };
  registry.onChange(() => {
    changes.told += 1;
  });
  const report = (name: string) => registry.reports().find((one) => one.name === name);
  const toolNames = () => registry.tools().map(({ name }) => name);
  return { registry, logger, report, recorded, changes, toolNames };
}

/** Loads the plugins directories of these names (`plugins` by default); the one called `product` is the product's own. */
export function load(workspace: Workspace, ...folders: readonly string[]) {
  return loadWith(workspace, folders.length === 0 ? {} : { folders });
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
