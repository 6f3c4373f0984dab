// smcp plugin new: a plugin that works, with its manifest, its test and, for programs, the library of host calls.

import { SmcpError } from '#base/errors.ts';
import type { PluginKind } from '#sandbox/harness/templates.ts';
import { type Command, type CommandInput, EXIT, text } from './command.ts';
import { str } from './render.ts';

export const pluginNewCommand: Command = {
  words: ['plugin', 'new'],
  arguments: ['NAME'],
  options: {
    runtime: { type: 'string', placeholder: 'KIND', help: 'isolate (JavaScript) or process (any language)' },
    language: { type: 'string', placeholder: 'L', help: 'of a process: python (if absent), bash or node' },
    dir: { type: 'string', placeholder: 'D', help: 'where its directory is made; here if absent' },
  },
  summary: 'Writes a new plugin that works, with its manifest and its test.',
  isLocal: true,
  run: async ({ print }, input) => {
    const { writeNewPlugin } = await import('#sandbox/harness/new-plugin.ts');
    const [name = ''] = input.positionals;
    const { directory, files } = writeNewPlugin(text(input, 'dir') ?? '.', name, kindOf(input));
    print({ name, directory, files: [...files] }, () =>
      [
        `wrote ${str(directory)}\n`,
        ...files.map((file) => `  ${str(file)}\n`),
        `next: smcp plugin test ${str(directory)}\n`,
      ].join(''),
    );
    return EXIT.done;
  },
};

/** @throws `USAGE` */
function kindOf(input: CommandInput): PluginKind {
  const runtime = text(input, 'runtime');
  const language = text(input, 'language');
  if (runtime === 'isolate' && language === undefined) return 'isolate';
  const known = (['python', 'bash', 'node'] as const).find((one) => one === (language ?? 'python'));
  if (runtime === 'process' && known !== undefined) return known;
  throw new SmcpError('USAGE', 'a new plugin needs its runtime', {
    details: { remedy: '--runtime isolate, or --runtime process with --language python, bash or node' },
  });
}
