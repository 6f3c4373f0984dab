// smcp plugin check: would this directory be served as a plugin?

import type { Json } from '#base/json.ts';
import type { PluginProblem } from '#domain/manifest.ts';
import { type Command, EXIT } from './command.ts';
import { problemText } from './render.ts';

export const pluginCheckCommand: Command = {
  words: ['plugin', 'check'],
  arguments: ['DIR'],
  options: {},
  summary: 'Checks a plugin: its manifest, files, names and schemas.',
  isLocal: true,
  run: async ({ print }, input) => {
    const { AVAILABLE_CAPABILITIES } = await import('#broker/broker.ts');
    const { checkPluginDirectory } = await import('#registry/check-directory.ts');
    const { report, warnings } = await checkPluginDirectory(input.positionals[0] ?? '', {
      availableCapabilities: AVAILABLE_CAPABILITIES,
    });
    const isGood = report.problems.length === 0;
    const answer = { ok: isGood, ...report, warnings };
    print(answer as unknown as Json, () => {
      const line = (problem: PluginProblem) => problemText({ ...problem });
      const verdict = isGood ? `${report.name} ${report.version} is sound: ${report.tools.join(', ')}\n` : '';
      return [...report.problems.map(line), ...warnings.map((warning) => `warning: ${line(warning)}`), verdict].join(
        '',
      );
    });
    return isGood ? EXIT.done : EXIT.invalid;
  },
};
