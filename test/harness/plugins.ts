// Small plugins for tests of the author's kit, written to a temporary directory.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Workspace = { readonly path: string; readonly remove: () => void };

export function workspace(): Workspace {
  const path = mkdtempSync(join(tmpdir(), 'smcp-kit-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const ANYTHING = { type: 'object' };
const CALLS = { type: 'object', properties: { calls: { type: 'array' } }, additionalProperties: false };

export type PluginSpec = {
  readonly source: string;
  readonly capabilities?: object;
  readonly tools?: readonly string[];
  readonly cpuMs?: number;
  readonly input?: object;
  readonly files?: { readonly [path: string]: string };
};

/** A plugin of the tier of isolates; each tool takes `calls`. */
export function isolatePlugin(space: Workspace, spec: PluginSpec): string {
  const { cpuMs } = spec;
  const runtime = { kind: 'isolate', entry: 'index.js', ...(cpuMs === undefined ? {} : { cpuMs }) };
  return write(space, { spec, runtime, entry: 'index.js' });
}

/** A program of the protocol json in Python. */
export function processPlugin(space: Workspace, spec: PluginSpec): string {
  const runtime = { kind: 'process', command: ['python3', 'main.py'], protocol: 'json' };
  return write(space, { spec, runtime, entry: 'main.py' });
}

function write(
  { path }: Workspace,
  { spec, runtime, entry }: { readonly spec: PluginSpec; readonly runtime: object; readonly entry: string },
): string {
  const { source, capabilities, tools = ['make'], input = CALLS, files = {} } = spec;
  const root = mkdtempSync(join(path, 'plugin-'));
  const manifest = {
    ...{ manifest: 1, name: 'kit', version: '1.0.0', description: 'A plugin of a test', runtime },
    ...(capabilities === undefined ? {} : { capabilities }),
    tools: tools.map((name) => ({ name, description: 'Does what a test says.', input, output: ANYTHING })),
  };
  const all = { 'plugin.json': JSON.stringify(manifest), [entry]: source, ...files };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}
