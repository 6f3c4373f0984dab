// The tools that a policy may name, without a server: of the product's plugins, of directories that were named, and the server's own.

import type { JsonObject } from '#base/json.ts';
import { silentLogger } from '#base/log.ts';
import { productPluginsDirectory } from '#config/product.ts';
import type { ToolLabels } from '#domain/labels.ts';
import type { CommandContext, CommandInput, CommandOption } from './command.ts';

/** `--plugins DIR`, any number of times. */
export const PLUGINS_OPTION: CommandOption = {
  type: 'string',
  multiple: true,
  placeholder: 'DIR',
  help: 'plugins that rules may name, beside the bundled ones',
};

type NamedTool = Partial<ToolLabels> & { readonly name: string; readonly inputSchema: JsonObject };

/** Programs without a manifest are asked for their tools in the sandbox. */
export async function toolsOfToday(context: CommandContext, input: CommandInput): Promise<readonly NamedTool[]> {
  const given = Array.isArray(input.options['plugins']) ? input.options['plugins'].map(String) : [];
  const { AVAILABLE_CAPABILITIES } = await import('#broker/broker.ts');
  const { readTools } = await import('#registry/read-tools.ts');
  const { createAdminToolCatalog } = await import('#operations/admin-tools.ts');
  const { workshopFor } = await import('./plugin-workshop.ts');
  await using workshop = await workshopFor(context);
  const ofPlugins = await readTools(
    { logger: silentLogger, openWorkshop: workshop.openWorkshop },
    {
      directories: [
        { path: productPluginsDirectory(), origin: 'product' },
        ...given.map((path) => ({ path, origin: 'external' as const })),
      ],
      availableCapabilities: AVAILABLE_CAPABILITIES,
    },
  );
  return [...ofPlugins, ...createAdminToolCatalog().tools()];
}
