// A plugin with one tool that paints a wall, and a catalog that switches it off and on.

import { sha256 } from '#base/digest.ts';
import type { Plugin, PluginReport, PluginTool } from '#domain/manifest.ts';
import type { PluginAdmin, PluginCatalog } from '#domain/ports.ts';

export const plugin: Plugin = {
  name: 'paint',
  version: '1.0.0',
  digest: sha256('code'),
  manifestDigest: sha256('manifest'),
  manifest: {
    manifest: 1,
    name: 'paint',
    version: '1.0.0',
    description: 'd',
    runtime: { kind: 'isolate', entry: 'i.js' },
    tools: [],
  },
  directory: '/nowhere',
  origin: 'product',
  tools: [],
};

const tool: PluginTool = {
  kind: 'plugin',
  name: 'paint__wall',
  localName: 'wall',
  description: 'd',
  inputSchema: { type: 'object' },
  schemaDigest: sha256('wall'),
  effect: 'write',
  capabilities: { store: { bytesMax: 1024 } },
  limits: { timeoutMs: 1000, cpuMs: 1000, memoryMiB: 64, outputBytes: 1000, hostCalls: 10 },
  idempotent: false,
  checkInput: () => [],
  checkOutput: () => [],
  plugin,
};

export function createPlugins() {
  let state: PluginReport['state'] = 'ready';
  const report = (): PluginReport => ({
    name: 'paint',
    version: '1.0.0',
    digest: plugin.digest,
    state,
    runtime: 'isolate',
    tools: ['paint__wall'],
    capabilities: ['store'],
    secrets: [{ name: 'PAINT_KEY', hosts: ['paint.example'], isExposed: false }],
    problems: [],
    notes: [],
    source: '/plugins/paint',
  });
  const tools = () => (state === 'ready' ? [tool] : []);
  const set = (next: PluginReport['state']) => {
    state = next;
    return report();
  };
  return {
    tools,
    tool: (name: string) => tools().find((one) => one.name === name),
    reports: () => [report()],
    onChange: () => () => {},
    enable: () => set('ready'),
    disable: () => set('disabled'),
    reload: async () => [report()],
    review: (name) => ({ name, state: 'waiting', digest: plugin.digest, without: [], exposed: [], differences: [] }),
    approve: () => set('ready'),
  } satisfies PluginCatalog & PluginAdmin;
}
