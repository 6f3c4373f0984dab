// Plugins of runtime `process` for tests: written to a temporary folder and run by the real runtime, under the real launcher.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { ProgramEnd } from '#domain/cli-plugin/outcome.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { Plugin, PluginTool, ProcessRuntime, RunLimits } from '#domain/manifest.ts';
import type { HostCallHandler, RunRequest } from '#domain/sandbox-ports.ts';
import { kernelOffers } from '#sandbox/host/launcher/kernel-offers.ts';
import { createFilterBook } from '#sandbox/host/launcher/launch.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import type { ChildUsers } from '#sandbox/host/process/children-room.ts';
import { createCodeStage, type ProcessCode } from '#sandbox/host/process/code-stage.ts';
import { createProcessRuntime, type ProcessRuntimeOptions } from '#sandbox/host/process/process-runtime.ts';
import type { CliProtocol } from '#sandbox/host/process/protocol-ports.ts';
import { openWorkPlace } from '#sandbox/host/process/work-place.ts';
import { agent, FAR } from '#test/sandbox/harness.ts';
import { testUsers } from './users.ts';

export { agent };

/** Little memory, so that hostile programs are stopped soon. */
export const TEST_LIMITS: RunLimits = {
  ...FAR,
  memoryMiB: 64,
  outputBytes: LIMITS.outputBytesMax,
  hostCalls: LIMITS.hostCallsMax,
};

/** A small working model of the command-line protocol: the words are the argument `words`, the result is what was printed. */
export const plainCli = {
  renderArguments: (_, argsJson) => {
    const args = JSON.parse(argsJson) as JsonObject;
    if (args['refuse'] === true) return { error: { code: 'ARGUMENTS_INVALID', message: 'refused' } };
    return { words: ((args['words'] ?? []) as readonly Json[]).map(String) };
  },
  parseOutcome: (end: ProgramEnd) => {
    const text = Buffer.from(end.stdout).toString('utf8').trim();
    const notes = end.isStdoutCut ? [`the output was cut after ${end.stdout.length} bytes`] : [];
    if (end.exitCode === 0) return { kind: 'value', text: [text, ...notes].join('\n'), notes };
    const stderr = Buffer.from(end.stderr).toString('utf8').trim();
    const details = end.exitCode === null ? {} : { exitCode: end.exitCode };
    return { kind: 'error', error: { code: 'TOOL_FAILED', message: text || stderr || 'failed', details }, notes };
  },
  tailOf: ({ stderr }) => (stderr.length === 0 ? undefined : Buffer.from(stderr).toString('utf8').trim().slice(-4096)),
} satisfies CliProtocol;

/** All below a process, zombies too. */
export function descendantsOf(parent: number): number[] {
  const parents = new Map(
    processes().map((pid) => [pid, Number(/^PPid:\s+(\d+)/m.exec(readProc(pid, 'status'))?.[1])]),
  );
  const found = [parent];
  for (const each of found) for (const [pid, above] of parents) if (above === each) found.push(pid);
  return found.slice(1);
}

export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

const processes = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

export type CallOptions = {
  readonly args?: JsonObject;
  readonly agent?: string;
  readonly tool?: string;
  readonly limits?: Partial<RunLimits>;
  readonly capabilities?: Capabilities;
  readonly signal?: AbortSignal;
  readonly onHostCall?: HostCallHandler;
  readonly secrets?: RunRequest['secrets'];
};

type Files = { readonly [path: string]: string };

export async function createTestProcesses(
  options: ProcessRuntimeOptions & {
    readonly users?: ChildUsers | null;
    readonly place?: string;
    readonly landlockAbi?: number;
    /** In place of the model of it. */
    readonly cli?: CliProtocol;
    /** As on a machine on which no group of processes can be made. */
    readonly withoutGroups?: boolean;
  } = {},
) {
  const root = options.place ?? mkdtempSync(join(tmpdir(), 'smcp-process-'));
  const launcher = openLauncher();
  const offered = kernelOffers(launcher);
  const users = options.users === null || !offered.canChangeUser ? undefined : (options.users ?? testUsers());
  const landlockAbi = options.landlockAbi ?? offered.landlockAbi;
  const { cgroup, ...others } = offered;
  const groups = cgroup === undefined || options.withoutGroups === true ? {} : { cgroup };
  const kernel = { ...others, ...groups, landlockAbi, canChangeUser: users !== undefined };
  const filterOf = createFilterBook();
  const contents = new Map<string, Files>();
  const said: string[] = [];
  const log = (level: string) => (text: string, fields?: object) => {
    said.push(`${level} ${text} ${JSON.stringify(fields ?? {})}`);
  };
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const code: ProcessCode = {
    files: async ({ digest, name }) => {
      if (!contents.has(digest)) throw new SmcpError('PLUGIN_TAMPERED', `the copy of ${name} is not what was hashed`);
      return new Map(
        Object.entries(contents.get(digest) ?? {}).map(([path, text]) => [
          path,
          { bytes: Buffer.from(text), isExecutable: text.startsWith('#!') },
        ]),
      );
    },
  };
  const workPlace = await openWorkPlace(join(root, 'work'));
  if (options.place === undefined) openToAll(root);
  const ports = {
    clock: systemClock,
    logger,
    launch: () => ({ launcher, kernel, filterOf }),
    users,
    code,
    cli: options.cli ?? plainCli,
    workPlace,
  };
  const runtime = createProcessRuntime(ports, options);
  const partsFolder = join(workPlace.path, 'parts');
  mkdirSync(partsFolder, { mode: 0o711 });
  let count = 0;

  /** Resolves when an interpreter waits for the next call of this plugin and agent. */
  const rested = (from: Plugin, who = 'ana'): Promise<void> =>
    until(
      () => runtime.waiting((plugin, agent) => plugin === from && agent === who) > 0,
      () => `no interpreter waits\n${said.join('\n')}`,
    );

  const workFolders = (): string[] => readdirSync(join(root, 'work')).filter((name) => name.startsWith('work-'));
  const inWork = (name: string): string[] => workFolders().map((folder) => join(root, 'work', folder, name));

  /** A plugin of these files, or of one `cli.py`. */
  const plugin = (files: string | Files, made: Partial<ProcessRuntime> = {}): Plugin => {
    count += 1;
    const all = typeof files === 'string' ? { 'cli.py': files } : files;
    const name = `plugin_${count}`;
    const digest = sha256(`${root} ${count}`);
    contents.set(digest, all);
    const runtimeOf: ProcessRuntime = {
      kind: 'process',
      command: ['python3', 'cli.py'],
      protocol: 'smcp-cli',
      ...made,
    };
    const manifest = {
      manifest: 1,
      name,
      version: '1.0.0',
      description: 'a test',
      runtime: runtimeOf,
      tools: [],
    } as const;
    return {
      name,
      version: '1.0.0',
      digest,
      manifestDigest: sha256(name),
      manifest,
      directory: '',
      origin: 'external',
      tools: [],
    };
  };

  const call = (from: Plugin, given: CallOptions = {}): Promise<RunOutcome> => {
    const limits = { ...TEST_LIMITS, ...given.limits };
    const capabilities = given.capabilities ?? {};
    const localName = given.tool ?? 'run';
    const tool: PluginTool = {
      ...{ kind: 'plugin', name: `${from.name}__${localName}`, localName, description: 'a test' },
      ...{ inputSchema: { type: 'object' }, schemaDigest: sha256(localName), effect: 'pure', capabilities, limits },
      ...{ idempotent: false, checkInput: () => [], checkOutput: () => [], plugin: from },
    } as const;
    return runtime.run({
      ...{ plugin: from, tool, agent: agent(given.agent ?? 'ana'), invocation: 'test', limits, capabilities },
      argsJson: JSON.stringify(given.args ?? {}),
      signal: given.signal ?? new AbortController().signal,
      onHostCall: given.onHostCall ?? (() => null),
      ...(given.secrets === undefined ? {} : { secrets: given.secrets }),
    });
  };

  return {
    ...{ runtime, root, plugin, call, said, kernel, users },
    /** For tests of the parts that a runtime is made of. */
    parts: { ...ports, users, stage: createCodeStage(partsFolder, code) },
    /** From now on its copy is not what was hashed. */
    tamper: ({ digest }: Plugin) => contents.delete(digest),
    /** What a program that must succeed printed. */
    text: async (from: Plugin, given: CallOptions = {}): Promise<string> => {
      const outcome = await call(from, given);
      if (outcome.kind !== 'returned') throw new Error(`not returned: ${JSON.stringify(outcome)}\n${said.join('\n')}`);
      const value = JSON.parse(outcome.resultJson) as Json;
      return typeof value === 'string' ? value : JSON.stringify(value);
    },
    /** Resolves when an interpreter waits for the next call of this plugin, agent and grant. */
    warmUp: async (from: Plugin, given: CallOptions = {}): Promise<void> => {
      await call(from, given);
      await rested(from, given.agent);
    },
    rested,
    folders: workFolders,
    /** Resolves when so many programs that run have made the file `begun`, and the host has heard that they began. */
    begun: async (count: number): Promise<void> => {
      await until(() => inWork('begun').filter((path) => existsSync(path)).length >= count);
      await pause(20);
    },
    /** Makes the file `go` in each work folder: programs may wait for that. */
    release: (): void => {
      for (const path of inWork('go')) writeFileSync(path, '', { mode: 0o644 });
    },
    close: async () => {
      await runtime.close();
      launcher[Symbol.dispose]();
      // Something of the kernel's may still hold a folder for a moment.
      if (options.place === undefined) rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

const ENDS_MS_MAX = 240_000;

/** Resolves when it is so. @throws with what `why` says after a time that no machine takes */
export async function until(isSo: () => boolean, why: () => string = () => `not so: ${isSo}`): Promise<void> {
  for (const from = performance.now(); !isSo(); await pause(20)) {
    if (performance.now() - from > ENDS_MS_MAX) throw new Error(why());
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type TestProcesses = Awaited<ReturnType<typeof createTestProcesses>>;

/** The code that a call ended with: an error's, or the kind of its outcome. */
export function codeOf(outcome: RunOutcome): string {
  return outcome.kind === 'failed' ? outcome.error.code : outcome.kind;
}

/** A detail of the error that a call ended with. */
export function detailOf(outcome: RunOutcome, name: string): Json | undefined {
  const details = outcome.kind === 'failed' ? outcome.error.details : undefined;
  return isJsonObject(details) ? details[name] : undefined;
}

function openToAll(path: string): void {
  chmodSync(path, 0o711);
}
