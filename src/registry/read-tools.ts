// Names and schemas of the tools that would be served, for checks that need no server (`smcp policy check`). Writes nothing;
// programs of command-line plugins are asked in the sandbox.

import type { JsonObject } from '#base/json.ts';
import type { Logger } from '#base/log.ts';
import { labelsOfTool, type ToolLabels } from '#domain/labels.ts';
import { askedBy } from './build-plugin.ts';
import { fullToolName } from './check-manifest.ts';
import { discoverPlugins, type PluginsDirectory } from './discover.ts';
import { type Bounds, createInspectionOptions, type Inspection, type Servable, withSameName } from './inspect.ts';
import { inspectWhole, type OpenWorkshop } from './inspect-whole.ts';

export type ToolSignature = ToolLabels & { readonly name: string; readonly inputSchema: JsonObject };

/**
 * The tools that loading the same directories would serve, sorted by name.
 *
 * @throws `CONFIG_INVALID` for a directory that is missing or holds too much · what `openWorkshop` throws.
 */
export async function readTools(
  ports: { readonly logger: Logger; readonly openWorkshop: OpenWorkshop },
  options: Bounds & { readonly directories: readonly PluginsDirectory[] },
): Promise<readonly ToolSignature[]> {
  const inspectionOptions = createInspectionOptions(options);
  const found: { readonly inspection: Inspection; readonly tools: readonly ToolSignature[] }[] = [];
  for (const candidate of await discoverPlugins(ports, options.directories)) {
    // The plugin's bytes are let go before the next one is read.
    const { servable, ...inspection } = await inspectWhole(ports.openWorkshop, candidate, inspectionOptions);
    found.push({ inspection, tools: servable === undefined ? [] : signatures(servable) });
  }
  return found
    .filter((one) => withSameName(one, found).length === 0)
    .flatMap(({ tools }) => tools)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const signatures = ({ manifest, compiled }: Servable): readonly ToolSignature[] =>
  compiled.map(({ tool }) => ({
    name: fullToolName(manifest.name, tool.name),
    inputSchema: tool.input,
    ...labelsOfTool(tool, askedBy(manifest, tool)),
  }));
