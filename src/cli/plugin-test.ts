// smcp plugin test: runs a plugin's own tests, or calls each of its tools once; with --adversarial, throws hostile arguments at them.

import type { Json } from '#base/json.ts';
import { type Command, type CommandContext, EXIT } from './command.ts';
import { plural, str } from './render.ts';
import { untilInterrupted } from './until-interrupted.ts';

type Report = { readonly ok: boolean; readonly json: Json; readonly text: string };

export const pluginTestCommand: Command = {
  words: ['plugin', 'test'],
  arguments: ['DIR'],
  options: {
    watch: { type: 'boolean', help: 'run again when a file of the plugin changes, until interrupted' },
    adversarial: { type: 'boolean', help: 'throw malformed, huge and hostile arguments at every tool' },
  },
  summary: "Runs a plugin's test/*.test.js, or else calls each of its tools once, in the sandbox.",
  isLocal: true,
  run: async (context, { positionals, options }) => {
    const directory = positionals[0] ?? '';
    const once = async (): Promise<boolean> => {
      const report =
        options['adversarial'] === true ? await attack(context, directory) : await test(context, directory);
      context.print(report.json, () => report.text);
      return report.ok;
    };
    if (options['watch'] === true) {
      await untilInterrupted(directory, async () => void (await once()), context.terminal);
      return EXIT.done;
    }
    return (await once()) ? EXIT.done : EXIT.invalid;
  },
};

async function test(context: CommandContext, directory: string): Promise<Report> {
  const { runTestFiles, testFilesOf } = await import('#sandbox/harness/run-tests.ts');
  const files = testFilesOf(directory);
  if (files.length === 0) return tried(context, directory, 'smoke');
  const { isGood, passed, failed, output } = await runTestFiles(files);
  const verdict = `${plural(passed, 'test')} passed, ${failed} failed\n`;
  return {
    ok: isGood,
    json: { ok: isGood, kind: 'tests', passed, failed, output },
    text: isGood ? verdict : `${output}\n${verdict}`,
  };
}

const attack = (context: CommandContext, directory: string) => tried(context, directory, 'adversarial');

async function tried(context: CommandContext, directory: string, kind: 'smoke' | 'adversarial'): Promise<Report> {
  const { startPlugin } = await import('#sandbox/harness/start-plugin.ts');
  const { attackTools, smokeTools } = await import('#sandbox/harness/try-tools.ts');
  const { loadConfig } = await import('#config/config.ts');
  const { users } = loadConfig(context.home.config, context.terminal.env).sandbox;
  await using plugin = await startPlugin(directory, users === undefined ? {} : { users });
  const { trials, findings } = await (kind === 'smoke' ? smokeTools(plugin) : attackTools(plugin));
  const ok = findings.length === 0;
  const lines = [
    ...trials.map(
      ({ tool, calls, refused, answered, failed, denied }) =>
        `${str(tool)}: ${plural(calls, 'call')}; ${refused} refused by its schema, ${answered} answered, ${failed} failed, ${denied} host calls denied\n`,
    ),
    ...findings.map(
      ({ tool, what, given, code, message }) => `${what}: ${str(tool)} with ${str(given)}: ${code}: ${str(message)}\n`,
    ),
    ok ? '' : `${plural(findings.length, 'finding')}\n`,
  ];
  return { ok, json: { ok, kind, trials: [...trials], findings: [...findings] }, text: lines.join('') };
}
