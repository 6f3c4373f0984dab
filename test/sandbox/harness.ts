// Plugins for tests of the sandbox: written to a temporary directory and run by the real runtime.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { type Clock, systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { type AgentName, parseAgentName } from '#domain/agent.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { Plugin, PluginTool, RunLimits } from '#domain/manifest.ts';
import type { GuestThread, HostCall, HostCallHandler, PluginCode, PluginRuntime } from '#domain/sandbox-ports.ts';
import { type Confinement, createConfinement, type StartedWarden } from '#sandbox/host/confinement.ts';
import { createIsolateRuntime, type IsolateRuntimeOptions } from '#sandbox/host/isolate-runtime.ts';
import { openWall, type WallOptions } from '#sandbox/host/wall.ts';

/** No machine is so slow that they end what is harmless. A test of one of them lowers that one, so that no other can come first. */
export const FAR = { timeoutMs: 240_000, cpuMs: LIMITS.cpuMsMax } as const;

/** Little memory, so that hostile plugins are stopped soon. */
export const TEST_LIMITS: RunLimits = {
  ...FAR,
  memoryMiB: 32,
  outputBytes: LIMITS.outputBytesMax,
  hostCalls: LIMITS.hostCallsMax,
};

export type CallOptions = {
  readonly args?: Json;
  readonly agent?: string;
  readonly limits?: Partial<RunLimits>;
  readonly capabilities?: Capabilities;
  readonly signal?: AbortSignal;
  readonly onHostCall?: HostCallHandler;
  readonly thread?: GuestThread;
};

export type PluginOptions = {
  readonly name?: string;
  readonly origin?: Plugin['origin'];
  readonly memoryMiB?: number;
  readonly entry?: string;
};

export function agent(name: string): AgentName {
  const parsed = parseAgentName(name);
  if (parsed === undefined) throw new Error(`not an agent's name: ${name}`);
  return parsed;
}

/** Whatever lies in the plugin's folder: that it is what was hashed is the registry's, and tested there. */
export const folderCode = {
  modules: async ({ directory }) =>
    new Map(
      readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.m?js$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [relative(directory, path), readFileSync(path)]),
    ),
} satisfies PluginCode;

/** The confinement of this machine; disposing of it closes its wall, too. */
export function openConfinement(options: WallOptions = {}): Confinement {
  const wall = openWall(options);
  const confinement = createConfinement(wall);
  return {
    ...confinement,
    [Symbol.dispose]: () => {
      confinement[Symbol.dispose]();
      wall[Symbol.dispose]();
    },
  };
}

/** A warden that is another program, with no wall around it. It counts as confined. */
export function fakeConfinement(program: () => readonly [string, ...string[]]): Confinement {
  const real = openConfinement();
  const start = (): StartedWarden => {
    const [file, ...args] = program();
    const child = spawn(file, args, { cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    return { child, begun: Promise.resolve() };
  };
  return {
    ...real,
    wardenCommand: (spec) => ({ profile: real.wardenCommand(spec).profile, start, inspect: () => [] }),
  };
}

/** Everything a test of the sandbox needs; `close` ends the processes and removes the files. */
export function createTestSandbox(
  options: IsolateRuntimeOptions & {
    readonly confinement?: Confinement;
    readonly code?: PluginCode;
    readonly clock?: Clock;
  } = {},
) {
  const root = mkdtempSync(join(tmpdir(), 'smcp-sandbox-'));
  const confinement = options.confinement ?? openConfinement();
  const runtime: PluginRuntime = createIsolateRuntime(
    { clock: options.clock ?? systemClock, logger: silentLogger, confinement, code: options.code ?? folderCode },
    options,
  );
  let count = 0;

  /** A plugin of these files (`index.js` is the entry), or of one file. */
  const plugin = (files: string | { readonly [name: string]: string }, made: PluginOptions = {}): Plugin => {
    count += 1;
    const name = made.name ?? `plugin_${count}`;
    const directory = join(root, `${count}-${name}`);
    const all = typeof files === 'string' ? { 'index.js': files } : files;
    for (const [file, text] of Object.entries(all)) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), text);
    }
    return {
      name,
      version: '1.0.0',
      digest: sha256(`${directory}\n${JSON.stringify(all)}`),
      manifestDigest: sha256(name),
      manifest: {
        manifest: 1,
        name,
        version: '1.0.0',
        description: 'a test',
        runtime: {
          kind: 'isolate',
          entry: made.entry ?? 'index.js',
          memoryMiB: made.memoryMiB ?? TEST_LIMITS.memoryMiB,
        },
        tools: [],
      },
      directory,
      origin: made.origin ?? 'external',
      tools: [],
    };
  };

  const call = (from: Plugin, localName: string, given: CallOptions = {}): Promise<RunOutcome> => {
    const limits = { ...TEST_LIMITS, ...given.limits };
    const capabilities = given.capabilities ?? {};
    const tool: PluginTool = {
      kind: 'plugin',
      name: `${from.name}__${localName}`,
      localName,
      description: 'a test',
      inputSchema: { type: 'object' },
      schemaDigest: sha256(localName),
      effect: 'pure',
      capabilities,
      limits,
      idempotent: false,
      checkInput: () => [],
      checkOutput: () => [],
      plugin: from,
    };
    return runtime.run({
      plugin: from,
      tool,
      agent: agent(given.agent ?? 'ana'),
      invocation: 'test',
      argsJson: JSON.stringify(given.args ?? {}),
      limits,
      capabilities,
      signal: given.signal ?? new AbortController().signal,
      onHostCall: given.onHostCall ?? (() => null),
      ...(given.thread === undefined ? {} : { thread: given.thread }),
    });
  };

  return {
    runtime,
    root,
    plugin,
    call,
    /** The value of a call that must succeed. */
    value: async (from: Plugin, localName: string, given: CallOptions = {}): Promise<Json> => {
      const outcome = await call(from, localName, given);
      if (outcome.kind !== 'returned') throw new Error(`not returned: ${JSON.stringify(outcome)}`);
      return JSON.parse(outcome.resultJson) as Json;
    },
    close: async () => {
      await runtime.close();
      if (options.confinement === undefined) confinement[Symbol.dispose]();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export type TestSandbox = ReturnType<typeof createTestSandbox>;

/** Wardens that `parent` started and that have not been reaped. Linux. */
export function wardenPids(parent: number = process.pid): number[] {
  const child = new RegExp(`^PPid:\\s+${parent}$`, 'm');
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && child.test(readProc(pid, 'status')))
    .filter((pid) => readProc(pid, 'cmdline').includes('sandbox/warden/main.js'));
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/** Whether a process is there and not merely waiting to be reaped. Linux. */
export function isAlive(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(readProc(pid, 'status'));
}

/** The code that a call ended with: an error's, or the kind of its outcome. */
export function codeOf(outcome: RunOutcome): string {
  return outcome.kind === 'failed' ? outcome.error.code : outcome.kind;
}

/** A handler that remembers what it was asked. */
export function recordingHandler(answers: { readonly [name: string]: Json } = {}) {
  const calls: HostCall[] = [];
  const handler: HostCallHandler = (call) => {
    calls.push(call);
    return answers[call.name] ?? null;
  };
  return { calls, handler };
}
