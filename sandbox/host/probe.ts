// Starts one real warden, with code of our own that takes too much memory, and reads back what is in force around it.
// For `smcp doctor`: what a layer says of itself is not believed.

import type { Clock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { type AgentName, parseAgentName } from '#domain/agent.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { Plugin, PluginTool } from '#domain/manifest.ts';
import type { Layer } from '#domain/record.ts';
import type { PluginRuntime } from '#domain/sandbox-ports.ts';
import type { Confinement } from './confinement.ts';
import { createIsolateRuntime } from './isolate-runtime.ts';

const SOURCE = `export const tools = {
  work: () => 1,
  hoard: () => { const kept = []; for (;;) kept.push(new Array(1000).fill(1)); },
};`;

/**
 * The layers as they were found around a process. Takes about a second; no process is left when it resolves.
 *
 * A layer that could not be seen at work is not in force.
 */
export async function probeSandbox(ports: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly confinement: Confinement;
}): Promise<readonly Layer[]> {
  let found: readonly Layer[] | undefined;
  const confinement: Confinement = {
    ...ports.confinement,
    wardenCommand: (spec) => {
      const command = ports.confinement.wardenCommand(spec);
      return {
        ...command,
        inspect: (pid) => {
          found = command.inspect(pid);
          return found;
        },
      };
    },
  };
  const modules = new Map([['index.js', Buffer.from(SOURCE)]]);
  const runtime = createIsolateRuntime({ ...ports, confinement, code: { modules: async () => modules } });
  try {
    const worked = await call(runtime, 'work');
    const hoarded = worked.kind === 'returned' ? await call(runtime, 'hoard') : worked;
    const isHeapHeld = hoarded.kind === 'failed' && hoarded.error.code === 'MEMORY_EXCEEDED';
    return (found ?? ports.confinement.layers()).map((layer) => {
      if (layer.inForce && found === undefined) return unseen(layer, worked);
      return layer.inForce && layer.name === 'isolate-heap' && !isHeapHeld ? unseen(layer, hoarded) : layer;
    });
  } finally {
    await runtime.close();
  }
}

function unseen({ name }: Layer, outcome: RunOutcome): Layer {
  const error = outcome.kind === 'failed' ? outcome.error : undefined;
  const step = error?.details?.['step'] ?? '';
  const why = error === undefined ? `the check ended as ${outcome.kind}` : `${error.message} ${String(step)}`.trim();
  const known = error?.details?.['remedy'];
  const remedy =
    typeof known === 'string' ? known : 'run on Linux, or use our container; the log of `smcp serve` says more';
  return { name, inForce: false, detail: `it was not seen at work: ${why}`, remedy };
}

function call(runtime: PluginRuntime, localName: 'work' | 'hoard'): Promise<RunOutcome> {
  const tool = probeTool(localName);
  return runtime.run({
    plugin: tool.plugin,
    tool,
    agent: probeAgent(),
    invocation: 'probe',
    argsJson: '{}',
    limits: tool.limits,
    capabilities: {},
    signal: new AbortController().signal,
    onHostCall: () => null,
  });
}

function probeAgent(): AgentName {
  const name = parseAgentName('probe');
  invariant(name !== undefined, 'the probe has the name of an agent');
  return name;
}

function probeTool(localName: string): PluginTool {
  const limits = {
    timeoutMs: LIMITS.timeoutMsDefault,
    cpuMs: LIMITS.cpuMsDefault,
    memoryMiB: LIMITS.memoryMiBMin,
    outputBytes: LIMITS.outputBytesDefault,
    hostCalls: LIMITS.hostCallsDefault,
  };
  const digest = sha256(SOURCE);
  const manifest = {
    manifest: 1,
    name: 'probe',
    version: '1',
    description: 'Checks the sandbox',
    runtime: { kind: 'isolate', entry: 'index.js', memoryMiB: limits.memoryMiB },
    tools: [],
  } as const;
  const { name, version } = manifest;
  const plugin: Plugin = {
    ...{ name, version, digest, manifestDigest: digest, manifest },
    directory: '',
    origin: 'product',
    tools: [],
  };
  return {
    kind: 'plugin',
    name: `probe__${localName}`,
    localName,
    description: manifest.description,
    inputSchema: { type: 'object' },
    schemaDigest: digest,
    effect: 'pure',
    capabilities: {},
    limits,
    idempotent: true,
    checkInput: () => [],
    checkOutput: () => [],
    plugin,
  };
}
