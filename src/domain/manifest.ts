// What a plugin claims (plugin.json) and what the registry makes of it. Pure types.

import type { Digest } from '#base/digest.ts';
import type { ErrorCode } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import type { Problem } from '#base/schema.ts';
import type { Capabilities, CapabilityKind, EffectClass } from './capability.ts';
import type { CommandPlan } from './cli-plugin/plan.ts';
import type { ToolLabels } from './labels.ts';

export type IsolateRuntime = {
  readonly kind: 'isolate';
  /** Path of the entry module inside the plugin, with `/`. */
  readonly entry: string;
  readonly memoryMiB?: number;
  readonly cpuMs?: number;
  /** The result of one call as JSON text, in UTF-8 bytes. */
  readonly outputBytes?: number;
  /** Host calls of one call, log and progress included. */
  readonly hostCalls?: number;
  /** `jit` is a request that an operator must approve; absent: `--jitless`. */
  readonly compute?: 'jit';
};

export type ProcessRuntime = {
  readonly kind: 'process';
  readonly command: readonly string[];
  readonly protocol: 'smcp-cli' | 'json' | 'mcp';
  readonly memoryMiB?: number;
  readonly processesMax?: number;
  readonly warm?: boolean;
};

export type ManifestTool = {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly input: JsonObject;
  readonly output?: JsonObject;
  /** The kinds this tool uses of the plugin's; absent: all of them; `[]`: none. */
  readonly capabilities?: readonly CapabilityKind[];
  readonly timeoutMs?: number;
  /** What a call costs; absent: nothing. */
  readonly cost?: number;
  /** What a call costs at most, where it tells by itself (`host.cost`). Absent: it tells nothing. */
  readonly costMax?: number;
  /** What its results carry, beside what follows from its capabilities. */
  readonly labels?: readonly string[];
  /** What it sends to, beside what follows. */
  readonly sink?: string;
  readonly idempotent?: boolean;
  readonly retry?: { readonly attempts: number };
};

/** plugin.json after validation against `schemas/plugin-manifest.v1.json`. */
export type Manifest = {
  readonly manifest: 1;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly runtime: IsolateRuntime | ProcessRuntime;
  readonly capabilities?: Capabilities;
  readonly tools: readonly ManifestTool[];
};

/** The bounds of one run, after defaults and `limits.ts`. */
export type RunLimits = {
  readonly timeoutMs: number;
  readonly cpuMs: number;
  readonly memoryMiB: number;
  readonly outputBytes: number;
  readonly hostCalls: number;
};

/** Something wrong with a plugin: which file, where in it (JSON pointer, '' for the whole), what, and what to do. */
export type PluginProblem = {
  readonly code: ErrorCode;
  readonly file: string;
  readonly pointer: string;
  readonly message: string;
  readonly remedy: string;
};

/** A plugin whose code is hashed and copied to `home/plugins/<digest>/`. */
export type Plugin = {
  readonly name: string;
  readonly version: string;
  /** Over every file: names, modes and bytes. */
  readonly digest: Digest;
  readonly manifestDigest: Digest;
  readonly manifest: Manifest;
  /** Absolute path of the read-only copy that runs. */
  readonly directory: string;
  /** `product`: came with the release, which approves it · `external`: from a `--plugins` directory. */
  readonly origin: 'product' | 'external';
  /** It has no plugin.json: its manifest was made of what its program says, and asks for nothing. */
  readonly isDiscovered?: true;
  readonly tools: readonly PluginTool[];
};

/** What an agent sees of a tool, and what decides how it is ordered. Without labels or sinks: none, as of the server's own tools. */
export type ToolFace = Partial<ToolLabels> & {
  /** Full name `plugin__tool`. */
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  /** Over name, title, description, input and output schema: what an agent was shown. */
  readonly schemaDigest: Digest;
  readonly effect: EffectClass;
  readonly idempotent: boolean;
  /** What a call costs, in millionths. Absent: nothing. */
  readonly costMicros?: number;
  /** What a call that tells its cost may cost at most, and takes until it has ended. Absent: it tells nothing. */
  readonly costMicrosMax?: number;
  /** Problems of arguments against the input schema; `[]` when they fit. */
  readonly checkInput: (args: JsonObject) => readonly Problem[];
};

/** A tool that a plugin brings; it runs in the sandbox. */
export type PluginTool = ToolFace & {
  readonly kind: 'plugin';
  readonly localName: string;
  readonly capabilities: Capabilities;
  readonly limits: RunLimits;
  /** Problems of a result against the output schema; `[]` when they fit or there is none. */
  readonly checkOutput: (value: unknown) => readonly Problem[];
  /**
   * How arguments become the words of its program: there for a tool of a `cli.py`, and for no other. Where it is, the arguments are
   * made to fit the input schema before they are checked (`normaliseArguments`).
   */
  readonly plan?: CommandPlan;
  readonly plugin: Plugin;
};

/** What was guessed of a tool, and where description and help disagree. Safe to show. */
export type ToolNote = { readonly tool: string; readonly note: string };

/** `hosts`: whose requests carry it; `[]`: none. `isExposed`: its program gets to see the value. */
export type AskedSecret = { readonly name: string; readonly hosts: readonly string[]; readonly isExposed: boolean };

/** A line of `plugin list`. */
export type PluginReport = {
  readonly name: string;
  readonly version: string;
  /** '' when the plugin could not be hashed. */
  readonly digest: Digest | '';
  /**
   * `ready` its tools are served · `refused` it has problems and is not served · `quarantined` it waits for a person to approve it ·
   * `disabled` a person switched it off.
   */
  readonly state: 'ready' | 'refused' | 'quarantined' | 'disabled';
  readonly runtime: 'isolate' | 'process' | 'unknown';
  readonly tools: readonly string[];
  readonly capabilities: readonly CapabilityKind[];
  /** Secrets that it asks for, by name. */
  readonly secrets: readonly AskedSecret[];
  readonly problems: readonly PluginProblem[];
  readonly notes: readonly ToolNote[];
  /** Where it was found. */
  readonly source: string;
};
