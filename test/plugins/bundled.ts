// Loads the tools of a bundled plugin as the sandbox would, with a small working host.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json, JsonObject } from '#base/json.ts';
import { createForeignSchemaCompiler } from '#base/schema.ts';
import type { Manifest } from '#domain/manifest.ts';

const ROOT = join(import.meta.dirname, '../../plugins');

export type GuestHost = {
  readonly random: (byteCount: number) => Promise<Uint8Array>;
  readonly run?: (program: string, args?: readonly string[], options?: { readonly stdin?: string }) => Promise<Json>;
  readonly fetch?: (url: string, options?: object) => Promise<object>;
};
export type GuestTool = (args: JsonObject, host: GuestHost) => Promise<Json>;

export const systemHost = { random: async (byteCount) => randomBytes(byteCount) } satisfies GuestHost;

/** Calls one tool: arguments and result have to fit the manifest's schemas, as they have to in the product. */
export type CallTool = (name: string, args: JsonObject, host?: GuestHost) => Promise<Json>;

export async function loadBundled(
  name: string,
): Promise<{ call: CallTool; names: readonly string[]; manifest: Manifest }> {
  const manifest = JSON.parse(readFileSync(join(ROOT, name, 'plugin.json'), 'utf8')) as Manifest;
  const { tools } = (await import(pathToFileURL(join(ROOT, name, 'index.js')).href)) as {
    tools: { readonly [name: string]: GuestTool };
  };
  const checks = new Map(
    manifest.tools.map((tool) => [
      tool.name,
      { input: createForeignSchemaCompiler()(tool.input), output: createForeignSchemaCompiler()(tool.output ?? {}) },
    ]),
  );
  const call: CallTool = async (toolName, args, host = systemHost) => {
    const check = checks.get(toolName);
    const run = tools[toolName];
    if (check === undefined || run === undefined) throw new Error(`no tool ${toolName}`);
    const wrong = check.input(args);
    if (wrong.length > 0) throw new Error(`arguments: ${JSON.stringify(wrong)}`);
    const result = JSON.parse(JSON.stringify(await run(args, host))) as Json;
    const wrongResult = check.output(result);
    if (wrongResult.length > 0) throw new Error(`result: ${JSON.stringify(wrongResult)}`);
    return result;
  };
  return { call, names: Object.keys(tools), manifest };
}
