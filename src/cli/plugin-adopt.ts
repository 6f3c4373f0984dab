// smcp plugin adopt: writes the plugin.json of a command-line plugin that has none.

import type { Json } from '#base/json.ts';
import { type Command, EXIT } from './command.ts';
import { plural, problemText, str } from './render.ts';

export const pluginAdoptCommand: Command = {
  words: ['plugin', 'adopt'],
  arguments: ['DIR'],
  options: {},
  summary: 'Writes the plugin.json of a cli.py that has none, from what it says of itself.',
  isLocal: true,
  run: async (context, input) => {
    const { AVAILABLE_CAPABILITIES } = await import('#broker/broker.ts');
    const { adoptPlugin } = await import('#registry/adopt.ts');
    const { loadConfig } = await import('#config/config.ts');
    const { workshopFor } = await import('./plugin-workshop.ts');
    await using workshop = await workshopFor(context);
    const { written, report } = await adoptPlugin(workshop, input.positionals[0] ?? '', {
      availableCapabilities: AVAILABLE_CAPABILITIES,
      ...loadConfig(context.home.config, context.terminal.env).discovered,
    });
    const { name, tools, problems, notes } = report;
    const answer = {
      written: written?.file ?? null,
      name,
      tools,
      problems,
      notes,
      manifest: written?.manifest ?? null,
    };
    context.print(answer as unknown as Json, () => {
      const skipped = problems.map((problem) => `not listed: ${problemText({ ...problem })}`);
      const said = notes.map(({ tool, note }) => `note: ${str(tool)}: ${str(note)}\n`);
      if (written === undefined) return [...skipped, 'nothing was written\n'].join('');
      return [
        ...[`wrote ${str(written.file)}: ${str(name)}, ${plural(tools.length, 'tool')}\n`],
        ...tools.map((tool) => `  ${str(tool)}\n`),
        ...skipped,
        ...said,
        'it asks for nothing; read it, then load it with smcp plugin reload\n',
      ].join('');
    });
    return written === undefined ? EXIT.invalid : EXIT.done;
  },
};
