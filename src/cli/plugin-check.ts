// smcp plugin check: would this directory be served as a plugin?

import type { Json } from '#base/json.ts';
import type { PluginProblem } from '#domain/manifest.ts';
import { type Command, EXIT } from './command.ts';
import { problemText, str } from './render.ts';

export const pluginCheckCommand: Command = {
  words: ['plugin', 'check'],
  arguments: ['DIR'],
  options: {},
  summary: 'Checks a plugin: its manifest, files, names and schemas, or what its cli.py says of itself.',
  isLocal: true,
  run: async (context, input) => {
    const { print } = context;
    const { AVAILABLE_CAPABILITIES } = await import('#broker/broker.ts');
    const { checkPluginDirectory } = await import('#registry/check-directory.ts');
    const { workshopFor } = await import('./plugin-workshop.ts');
    await using workshop = await workshopFor(context);
    const { report, warnings } = await checkPluginDirectory(workshop, input.positionals[0] ?? '', {
      availableCapabilities: AVAILABLE_CAPABILITIES,
    });
    const isGood = report.problems.length === 0;
    const answer = { ok: isGood, ...report, warnings };
    print(answer as unknown as Json, () => {
      const line = (problem: PluginProblem) => problemText({ ...problem });
      const verdict = isGood ? `${report.name} ${report.version} is sound: ${report.tools.join(', ')}\n` : '';
      const served = isGood || report.state !== 'ready' ? '' : `served without them: ${report.tools.join(', ')}\n`;
      return [
        ...report.problems.map(line),
        ...warnings.map((warning) => `warning: ${line(warning)}`),
        ...report.notes.map(({ tool, note }) => `note: ${str(tool)}: ${str(note)}\n`),
        ...[verdict, served],
      ].join('');
    });
    return isGood ? EXIT.done : EXIT.invalid;
  },
};
