// A `cli.py` behind the dispatcher, in the real sandbox: discovered, called and answered as one is that somebody installs.

import { expect } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { ExactJsonObject } from '#base/exact-json.ts';
import { createForeignSchemaCompiler } from '#base/schema.ts';
import type { CommandHelpReading } from '#domain/cli-plugin/command-help.ts';
import { helpToAsk, inferTools } from '#domain/cli-plugin/infer-tools.ts';
import { parseOutcome, tailOf } from '#domain/cli-plugin/outcome.ts';
import { parseCommandHelp } from '#domain/cli-plugin/parse-command-help.ts';
import { parseDescription } from '#domain/cli-plugin/parse-description.ts';
import { parseHelp } from '#domain/cli-plugin/parse-help.ts';
import { renderArguments } from '#domain/cli-plugin/render-arguments.ts';
import type { Plugin, PluginTool } from '#domain/manifest.ts';
import { callResult } from '#gateway/call-result.ts';
import type { CliProtocol } from '#sandbox/host/process/protocol-ports.ts';
import { createTestProcesses, TEST_LIMITS } from '#test/sandbox/process/harness.ts';
import { createWorld } from './world.ts';

/** The functions of the domain, joined as whoever builds the runtime joins them. */
const cli = {
  renderArguments: ({ plan }, argsJson) => {
    if (plan === undefined) throw new Error('a tool without a plan');
    try {
      return { words: renderArguments(plan, argsJson) };
    } catch (thrown) {
      if (!(thrown instanceof SmcpError)) throw thrown;
      return { error: thrown.toWire() };
    }
  },
  parseOutcome,
  tailOf,
} satisfies CliProtocol;

export async function openCliWorld() {
  const sandbox = await createTestProcesses({ cli });

  const printed = async (plugin: Plugin, words: readonly string[]): Promise<string> => {
    const signal = new AbortController().signal;
    const { end } = await sandbox.runtime.runProgram({ plugin, words, limits: TEST_LIMITS, signal });
    return Buffer.from(end.stdout).toString('utf8');
  };

  const discover = async (plugin: Plugin) => {
    const reading = parseDescription(await printed(plugin, ['--describe']));
    const commandHelps = new Map<string, CommandHelpReading>();
    const sources = {
      plugin: plugin.name,
      ...(reading.kind === 'description' ? { description: reading } : {}),
      help: parseHelp(await printed(plugin, ['--help'])),
      commandHelps,
    };
    for (const words of helpToAsk(sources)) {
      commandHelps.set(words.join(' '), parseCommandHelp(await printed(plugin, [...words, '--help']), words));
    }
    const { tools, problems } = inferTools(sources);
    expect(problems).toEqual([]);
    return tools;
  };

  /** The program's tools in a world of their own, and a call as an agent makes it and gets its answer. */
  const install = async (source: string, limits: Partial<typeof TEST_LIMITS> = {}) => {
    const world = createWorld();
    world.state.run = sandbox.runtime.run;
    world.state.profile = sandbox.runtime.profile;
    const plugin = sandbox.plugin(source);
    for (const { name, description, inputSchema, plan } of await discover(plugin)) {
      const tool: PluginTool = {
        ...{ kind: 'plugin', name: `p__${name}`, localName: name, description, inputSchema, plan, plugin },
        ...{ schemaDigest: plugin.digest, effect: 'pure', capabilities: {}, limits: { ...TEST_LIMITS, ...limits } },
        ...{ idempotent: false, checkInput: createForeignSchemaCompiler()(inputSchema), checkOutput: () => [] },
      };
      world.tools.set(tool.name, tool);
    }
    const call = async (name: string, args: ExactJsonObject = {}) =>
      callResult(await world.call(`p__${name}`, { args }));
    const textOf = async (name: string, args: ExactJsonObject = {}): Promise<string> => {
      const [item] = (await call(name, args)).content;
      return item?.type === 'text' ? item.text : '';
    };
    return { world, plugin, call, textOf };
  };

  return { sandbox, install, close: sandbox.close };
}
