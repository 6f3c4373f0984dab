// Calls every tool of a plugin: once with the smallest arguments, or many times with hostile ones, and tells what no caller
// should ever get to see. Called by `smcp plugin test`. **Trust:** what a tool answers is the plugin's.

import type { JsonObject } from '#base/json.ts';
import type { ManifestTool } from '#domain/manifest.ts';
import { hostileArguments } from './hostile-arguments.ts';
import { minimalValue } from './minimal-arguments.ts';
import type { PluginCall, StartedPlugin } from './start-plugin.ts';

/** A call under attack may take no longer: what hangs is found out soon. */
const HOSTILE_MS_MAX = 5_000;
const FINDINGS_PER_TOOL_MAX = 20;
const SHOWN_LENGTH_MAX = 300;

export type Finding = {
  readonly tool: string;
  readonly what: 'crash' | 'hang' | 'limit' | 'result' | 'defect' | 'arguments';
  /** The arguments, as they were described. */
  readonly given: string;
  readonly code: string;
  readonly message: string;
};

export type Trial = {
  readonly tool: string;
  readonly calls: number;
  /** Arguments that its schema kept from it. */
  readonly refused: number;
  readonly answered: number;
  /** It said itself that it failed, as a tool may. */
  readonly failed: number;
  /** Host calls that were denied to it. */
  readonly denied: number;
};

export type Trials = { readonly trials: readonly Trial[]; readonly findings: readonly Finding[] };

/** One call of each tool with the smallest arguments that fit its schema. */
export async function smokeTools(plugin: StartedPlugin): Promise<Trials> {
  return tryTools(plugin, (_, valid) => [{ what: 'the smallest arguments', args: valid }]);
}

/** Each tool under hostile arguments; its process is the same for all, as in a server. */
export async function attackTools(plugin: StartedPlugin): Promise<Trials> {
  return tryTools(plugin, hostileArguments);
}

async function tryTools(plugin: StartedPlugin, casesOf: typeof hostileArguments): Promise<Trials> {
  const trials: Trial[] = [];
  const findings: Finding[] = [];
  for (const tool of plugin.manifest.tools) {
    const { trial, found } = await tryTool(plugin, tool, casesOf);
    trials.push(trial);
    findings.push(...found.slice(0, FINDINGS_PER_TOOL_MAX));
  }
  return { trials, findings };
}

async function tryTool(plugin: StartedPlugin, { name: tool, input }: ManifestTool, casesOf: typeof hostileArguments) {
  const counts = { calls: 0, refused: 0, answered: 0, failed: 0, denied: 0 };
  const found: Finding[] = [];
  const valid = minimalValue(input, input);
  const isObject = typeof valid === 'object' && valid !== null && !Array.isArray(valid);
  for (const { what, args } of casesOf(input, isObject ? (valid as JsonObject) : {})) {
    const call = await plugin.call(tool, args, { timeoutMs: HOSTILE_MS_MAX });
    counts.calls += 1;
    counts.denied += call.denials.length;
    if (call.ok) counts.answered += 1;
    else if (call.error.code === 'ARGUMENTS_INVALID') counts.refused += 1;
    else counts.failed += 1;
    const kind = call.ok ? undefined : kindOf(call);
    if (call.ok || kind === undefined) continue;
    const { code, message } = call.error;
    found.push({ tool, what: kind, given: what, code, message: message.slice(0, SHOWN_LENGTH_MAX) });
  }
  if (counts.calls === 1 && counts.refused === 1) {
    const message = 'no arguments could be made from the schema; give it a default or examples, or bring a test';
    found.push({ tool, what: 'arguments', given: 'the smallest arguments', code: 'ARGUMENTS_INVALID', message });
  }
  return { trial: { tool, ...counts }, found };
}

/** What an engine or an interpreter says when code met what it was not written for: no words of a tool's author. */
const ENGINE_WORDS =
  /Cannot read propert|is not a function|is not iterable|is not defined|Cannot convert|Maximum call stack|Invalid (array|string) length|exit code|Traceback|unbound variable/;

function kindOf(call: Extract<PluginCall, { readonly ok: false }>): Finding['what'] | undefined {
  const { code, message } = call.error;
  switch (code) {
    case 'PLUGIN_CRASHED':
    case 'INTERRUPTED':
      return 'crash';
    case 'TIMEOUT':
    case 'CPU_EXCEEDED':
      return 'hang';
    case 'MEMORY_EXCEEDED':
    case 'DISK_EXCEEDED':
    case 'HOST_CALLS_EXCEEDED':
    case 'OUTPUT_TOO_LARGE':
      return 'limit';
    case 'RESULT_INVALID':
      return 'result';
    case 'INTERNAL':
      return 'defect';
    default:
      return code === 'TOOL_FAILED' && ENGINE_WORDS.test(message) ? 'defect' : undefined;
  }
}
