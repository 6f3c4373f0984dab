// smcp policy check: reads a policy as the server would, and changes nothing.

import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { visible } from '#base/visible.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { type Command, EXIT } from './command.ts';
import { readGiven } from './read-given.ts';

export const policyCheckCommand: Command = {
  words: ['policy', 'check'],
  arguments: ['FILE'],
  options: {
    plugins: {
      type: 'string',
      multiple: true,
      placeholder: 'DIR',
      help: 'plugins that rules may name, beside the bundled ones',
    },
  },
  summary: 'Checks a policy file: errors and warnings, each with line and column.',
  isLocal: true,
  run: async (context, input) => {
    const { print } = context;
    const file = input.positionals[0] ?? '';
    const given = Array.isArray(input.options['plugins']) ? input.options['plugins'].map(String) : [];
    const { AVAILABLE_CAPABILITIES } = await import('#broker/broker.ts');
    const { createPolicyChecker } = await import('#policy/check-policy.ts');
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
    const findings = createPolicyChecker()(readGiven(file, LIMITS.policyBytesMax), [
      ...ofPlugins,
      ...createAdminToolCatalog().tools(),
    ]);
    const isGood = findings.every(({ severity }) => severity !== 'error');
    print({ ok: isGood, findings } as unknown as Json, () => {
      const lines = findings.map(
        ({ severity, line, column, message, remedy }) =>
          `${visible(file)}:${line}:${column}: ${severity}: ${visible(message)}${remedy === undefined ? '' : ` (${visible(remedy)})`}\n`,
      );
      return [...lines, isGood ? `${visible(file)} is a valid policy\n` : ''].join('');
    });
    return isGood ? EXIT.done : EXIT.invalid;
  },
};
