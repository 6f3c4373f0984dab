// smcp plugin trace: one tool, with every host call allowed and told, and the smallest manifest that would have sufficed.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import type { StartOptions } from '#sandbox/harness/start-plugin.ts';
import type { Trace, TracedRun } from '#sandbox/harness/trace-tool.ts';
import { type Command, type CommandInput, EXIT, text } from './command.ts';
import { plural, str } from './render.ts';

export const pluginTraceCommand: Command = {
  words: ['plugin', 'trace'],
  arguments: ['DIR', 'TOOL'],
  options: {
    args: { type: 'string', multiple: true, placeholder: 'JSON', help: 'arguments of one run; {} if absent' },
    world: { type: 'string', placeholder: 'FILE', help: 'what answers host calls, as JSON; an empty world if absent' },
    real: {
      type: 'boolean',
      help: 'host calls act on this machine, whatever the manifest asks: only for code you trust',
    },
    secret: {
      type: 'string',
      multiple: true,
      placeholder: 'NAME',
      help: 'with --real: the secret of this name is what the environment has under it',
    },
  },
  summary: 'Runs a tool in the sandbox, tells its host calls, and the smallest manifest for them.',
  isLocal: true,
  run: async ({ home, terminal, print }, input) => {
    const [directory = '', tool = ''] = input.positionals;
    const { startPlugin } = await import('#sandbox/harness/start-plugin.ts');
    const { traceTool } = await import('#sandbox/harness/trace-tool.ts');
    const { loadConfig } = await import('#config/config.ts');
    const given = argumentsOf(input);
    const world = await worldOf(input);
    const { net, sandbox } = loadConfig(home.config, terminal.env);
    const secrets = secretsOf(input, terminal.env);
    if (world === 'real') {
      terminal.err('warning: --real: every host call of the plugin is carried out on this machine, none is denied\n');
    }
    await using plugin = await startPlugin(directory, {
      ...{ world, operator: { net, secrets }, givesAll: true, users: sandbox.users },
    });
    const trace = await traceTool(plugin, tool, given);
    print(trace as unknown as Json, () => traceText(trace));
    return trace.runs.every(({ ok }) => ok) ? EXIT.done : EXIT.no;
  },
};

/** @throws `USAGE` */
function argumentsOf({ options }: CommandInput): readonly JsonObject[] {
  const all = Array.isArray(options['args']) ? options['args'].map(String) : ['{}'];
  return all.map((one) => {
    let value: Json;
    try {
      value = JSON.parse(one) as Json;
    } catch {
      throw new SmcpError('USAGE', `--args is no JSON: ${str(one)}`);
    }
    if (isJsonObject(value)) return value;
    throw new SmcpError('USAGE', `--args must be a JSON object: ${str(one)}`);
  });
}

/** Only what the caller names: the environment of a person holds more than this plugin should get. @throws `USAGE` */
function secretsOf(
  { options }: CommandInput,
  env: Readonly<Record<string, string | undefined>>,
): { readonly [name: string]: string } {
  const names = Array.isArray(options['secret']) ? options['secret'].map(String) : [];
  if (names.length > 0 && options['real'] !== true) {
    throw new SmcpError('USAGE', '--secret goes with --real; a world has its secrets in its file');
  }
  return Object.fromEntries(
    names.map((name) => {
      const value = env[name];
      if (value === undefined) throw new SmcpError('USAGE', `the environment has no ${str(name)}`);
      return [name, value];
    }),
  );
}

async function worldOf(input: CommandInput): Promise<NonNullable<StartOptions['world']>> {
  const file = text(input, 'world');
  const isReal = input.options['real'] === true;
  if (isReal && file !== undefined) throw new SmcpError('USAGE', 'a world is either --real or the one of --world');
  const { loadWorld } = await import('#sandbox/harness/world.ts');
  return isReal ? 'real' : file === undefined ? {} : loadWorld(file);
}

function traceText({ tool, runs, smallest, kept, kinds, unused, isCut }: Trace): string {
  const isNothingUnused = Object.keys(unused).length === 0;
  const isSame = JSON.stringify(kept) === JSON.stringify(smallest);
  return [
    ...runs.map(runText),
    isCut ? 'some host calls are missing here: a run made more than are kept\n' : '',
    `\nthe smallest manifest for ${plural(runs.length, 'run')} of ${str(tool)}:\n`,
    `  "capabilities": ${JSON.stringify(smallest, null, 2).replaceAll('\n', '\n  ')}\n`,
    `  and of the tool itself "capabilities": ${JSON.stringify(kinds)}\n`,
    isSame ? '' : `in the words of plugin.json, as far as they were needed:\n  ${str(JSON.stringify(kept))}\n`,
    isNothingUnused ? '' : `asked by plugin.json and never used here:\n  ${str(JSON.stringify(unused))}\n`,
  ].join('');
}

function runText({ args, value, error, calls }: TracedRun): string {
  const shown = (json: unknown) => str(JSON.stringify(json) ?? '').slice(0, 200);
  const lines = calls.map(({ call, params, isAsked, isMalformed, bytes, error: code }) => {
    const end = code === undefined ? `${bytes} bytes` : code;
    const mark = isMalformed ? 'malformed' : isAsked ? 'asked    ' : 'NOT asked';
    return `  ${mark}  ${str(call)} ${shown(params)} -> ${end}\n`;
  });
  const end = error === undefined ? shown(value) : `${error.code}: ${str(error.message)}`;
  return [`${shown(args)}\n`, ...lines, `  = ${end}\n`].join('');
}
