// A plugin and its tools, from a manifest that was checked. Compiles the tools' schemas; no I/O.

import { setImmediate } from 'node:timers/promises';
import { canonicalJson } from '#base/canonical-json.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { ForeignSchemaCompiler, Validator } from '#base/schema.ts';
import { type Capabilities, effectClassOf, kindsOf, pickKinds } from '#domain/capability.ts';
import type { CommandPlan } from '#domain/cli-plugin/plan.ts';
import { labelsOfTool } from '#domain/labels.ts';
import type {
  IsolateRuntime,
  Manifest,
  ManifestTool,
  Plugin,
  PluginProblem,
  PluginTool,
  RunLimits,
} from '#domain/manifest.ts';
import { COST_MICROS } from '#domain/usage.ts';
import { fullToolName } from './check-manifest.ts';
import { problem } from './problem.ts';

/** A tool whose schemas are compiled. */
export type CompiledTool = {
  readonly tool: ManifestTool;
  /** Present exactly where the protocol is `smcp-cli`. */
  readonly plan?: CommandPlan;
  readonly checkInput: Validator;
  readonly checkOutput: Validator;
};

export type Compilation = {
  /** In the manifest's order, without those that a pattern stops. */
  readonly tools: readonly CompiledTool[];
  readonly problems: readonly PluginProblem[];
  /** A problem that stops the whole plugin, or no tool is left. */
  readonly isRefused: boolean;
};

const nothingWrong: Validator = () => [];

/**
 * Compiles every schema, and lets others have their turn after each tool: one may take the better part of a second. A pattern that can't run in linear time stops its tool, a schema that is none the plugin.
 *
 * **Trust:** the schemas are the plugin author's.
 */
export async function compileTools(
  manifest: Manifest,
  compileSchema: ForeignSchemaCompiler,
  plans: ReadonlyMap<string, CommandPlan> = new Map(),
): Promise<Compilation> {
  const tools: CompiledTool[] = [];
  const problems: PluginProblem[] = [];
  for (const [index, tool] of manifest.tools.entries()) {
    const input = compileAt(compileSchema, tool.input, `/tools/${index}/input`);
    const output =
      tool.output === undefined ? nothingWrong : compileAt(compileSchema, tool.output, `/tools/${index}/output`);
    for (const compiled of [input, output]) if (typeof compiled !== 'function') problems.push(compiled);
    if (typeof input === 'function' && typeof output === 'function') {
      const plan = plans.get(tool.name);
      tools.push({ tool, checkInput: input, checkOutput: output, ...(plan === undefined ? {} : { plan }) });
    }
    await setImmediate();
  }
  const isRefused = tools.length === 0 || problems.some(({ code }) => code !== 'PATTERN_UNSUPPORTED');
  return { tools, problems: problems.slice(0, LIMITS.problemsPerPluginMax), isRefused };
}

function compileAt(
  compileSchema: ForeignSchemaCompiler,
  schema: JsonObject,
  pointer: string,
): Validator | PluginProblem {
  try {
    return compileSchema(schema);
  } catch (thrown) {
    if (!(thrown instanceof SmcpError)) throw thrown;
    const { pointer: inside, remedy } = thrown.details;
    return problem(
      thrown.code,
      { pointer: `${pointer}${typeof inside === 'string' ? inside : ''}` },
      thrown.message,
      typeof remedy === 'string' ? remedy : 'make it a JSON Schema 2020-12 that refers to nothing outside of itself',
    );
  }
}

/** The plugin as it is served. `directory` is the read-only copy. */
export function buildPlugin(options: {
  readonly manifest: Manifest;
  readonly compiled: readonly CompiledTool[];
  readonly digest: Digest;
  readonly manifestDigest: Digest;
  readonly directory: string;
  readonly origin: Plugin['origin'];
  readonly isDiscovered?: true;
}): Plugin {
  const { manifest, compiled, ...rest } = options;
  const tools: PluginTool[] = [];
  const plugin: Plugin = { ...rest, name: manifest.name, version: manifest.version, manifest, tools };
  for (const one of compiled) tools.push(buildTool(plugin, one));
  return plugin;
}

/** What the tool asks of what its plugin asks. */
export function askedBy({ capabilities: asked = {} }: Manifest, { capabilities: kinds }: ManifestTool): Capabilities {
  return pickKinds(asked, kinds ?? kindsOf(asked));
}

function buildTool(plugin: Plugin, { tool, plan, checkInput, checkOutput }: CompiledTool): PluginTool {
  const capabilities = askedBy(plugin.manifest, tool);
  const name = fullToolName(plugin.name, tool.name);
  const shown = {
    name,
    ...(tool.title === undefined ? {} : { title: tool.title }),
    description: tool.description,
    input: tool.input,
    ...(tool.output === undefined ? {} : { output: tool.output }),
  };
  return {
    kind: 'plugin',
    name,
    localName: tool.name,
    ...(tool.title === undefined ? {} : { title: tool.title }),
    description: tool.description,
    inputSchema: tool.input,
    ...(tool.output === undefined ? {} : { outputSchema: tool.output }),
    schemaDigest: sha256(canonicalJson(shown)),
    effect: effectClassOf(capabilities),
    capabilities,
    limits: runLimits(plugin.manifest, tool),
    idempotent: tool.idempotent ?? false,
    ...labelsOfTool(tool, capabilities),
    ...(tool.cost === undefined ? {} : { costMicros: Math.round(tool.cost * COST_MICROS) }),
    // Never less than what it costs in any case.
    ...(tool.costMax === undefined
      ? {}
      : { costMicrosMax: Math.round(Math.max(tool.costMax, tool.cost ?? 0) * COST_MICROS) }),
    checkInput,
    checkOutput,
    ...(plan === undefined ? {} : { plan }),
    plugin,
  };
}

/** The schema has held the manifest's figures within `LIMITS`; what is not said there is the default. */
function runLimits({ runtime }: Manifest, tool: ManifestTool): RunLimits {
  const { cpuMs, outputBytes, hostCalls } = runtime.kind === 'isolate' ? runtime : ({} as Partial<IsolateRuntime>);
  return {
    timeoutMs: tool.timeoutMs ?? LIMITS.timeoutMsDefault,
    cpuMs: cpuMs ?? LIMITS.cpuMsDefault,
    memoryMiB:
      runtime.memoryMiB ?? (runtime.kind === 'isolate' ? LIMITS.memoryMiBDefault : LIMITS.processMemoryMiBDefault),
    outputBytes: outputBytes ?? LIMITS.outputBytesDefault,
    hostCalls: hostCalls ?? LIMITS.hostCallsDefault,
  };
}
