// What a restricted child gets: computed from the plugin's manifest as it was approved, what the call was granted, and what
// the machine has. Pure. What is not in the profile, the operating system refuses to the program.

import { canonicalJson } from '#base/canonical-json.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { type Capabilities, kindsOf } from '#domain/capability.ts';
import type { Plugin, ProcessRuntime } from '#domain/manifest.ts';
import type { FloorRow } from '#sandbox/host/launcher/floor.ts';
import type { LaunchPath, LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { type Interpreter, PROGRAM_PATH } from './interpreter.ts';

/** What stays the same for every call of a plugin on this machine. */
export type Ground = {
  /** Of the plugin, for errors. */
  readonly name: string;
  readonly runtime: ProcessRuntime;
  /** Absent when the plugin brings its program along. */
  readonly interpreter?: Interpreter;
  readonly systemPaths: readonly LaunchPath[];
};

/** What differs. */
export type Call = {
  /** The read-only copy of the plugin that runs, and other files of ours that it reads. */
  readonly codeFolders: readonly string[];
  readonly workFolder: string;
  readonly uid: number | undefined;
  /** Without a user of its own: what the host's user has already, which the limit counts too. */
  readonly tasksBefore: number;
  readonly command: readonly [string, ...string[]];
  readonly keptDescriptors: readonly number[];
  readonly cpuMsMax: number;
  /** Secrets that the program is to see, as variables. Absent: none. */
  readonly exposed?: { readonly [name: string]: string };
  /** Processes besides those of the call. */
  readonly moreProcesses?: number;
};

const BYTES_PER_MIB = 1024 * 1024;
const MS_PER_S = 1000;

/** @throws `SANDBOX_UNAVAILABLE` for a plugin of another runtime */
export function processRuntimeOf({ name, manifest: { runtime } }: Plugin): ProcessRuntime {
  if (runtime.kind === 'process') return runtime;
  throw new SmcpError('SANDBOX_UNAVAILABLE', `${name} is no plugin of runtime \`process\``);
}

export function memoryMiBOf({ memoryMiB = LIMITS.processMemoryMiBDefault }: ProcessRuntime): number {
  return Math.min(Math.max(memoryMiB, LIMITS.memoryMiBMin), LIMITS.memoryMiBMax);
}

export function processesOf({ processesMax = LIMITS.processesDefault }: ProcessRuntime): number {
  return Math.min(Math.max(processesMax, 1), LIMITS.processesPerChildMax);
}

/**
 * The environment of every program, beside the secrets that it is to see: nothing is inherited. Python writes no compiled files, since its code is read-only, and
 * looks for no packages in the folder that it works in.
 */
export function environmentOf(workFolder: string): { readonly [name: string]: string } {
  return {
    PATH: PROGRAM_PATH,
    LANG: 'C.UTF-8',
    HOME: workFolder,
    TMPDIR: workFolder,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
  };
}

/** For one start. */
export function launchProfileOf(ground: Ground, call: Call): LaunchProfile {
  const { uid, workFolder } = call;
  const processes = processesOf(ground.runtime) + (call.moreProcesses ?? 0);
  return {
    ...fixedProfile(ground),
    paths: [
      ...readPaths(ground).map((path): LaunchPath => ({ path, access: 'read' })),
      ...ground.systemPaths.filter(({ access }) => access === 'write'),
      ...call.codeFolders.map((path): LaunchPath => ({ path, access: 'read' })),
      { path: workFolder, access: 'write' },
    ],
    ...(uid === undefined ? {} : { uid }),
    limits: {
      ...limitsOf(ground.runtime),
      processes: uid === undefined ? call.tasksBefore + processes : processes,
      // One more than the watch allows: it says what happened, the kernel only ends the process.
      cpuSeconds: Math.ceil(call.cpuMsMax / MS_PER_S) + 1,
    },
    // What the sandbox sets stays as it sets it.
    env: { ...call.exposed, ...environmentOf(workFolder) },
    cwd: workFolder,
    command: call.command,
    keptDescriptors: call.keptDescriptors,
  };
}

/**
 * `unix`: connected pairs inside the program, without which Python's asyncio does not start; no socket to anywhere else, and
 * no TCP: requests to the network are the broker's.
 */
function fixedProfile(_ground: Ground) {
  return { program: 'general', network: 'unix' } as const satisfies Partial<LaunchProfile>;
}

function limitsOf(runtime: ProcessRuntime) {
  return {
    dataBytes: memoryMiBOf(runtime) * BYTES_PER_MIB,
    fileBytes: LIMITS.workBytesMax,
    descriptors: LIMITS.processDescriptorsMax,
    stackBytes: LIMITS.processStackBytesMax,
  };
}

/** Each once; a folder stands for what is below it. */
function readPaths({ systemPaths, interpreter }: Ground): readonly string[] {
  const system = systemPaths.filter(({ access }) => access === 'read').map(({ path }) => path);
  const all = [...new Set([...system, ...(interpreter?.readPaths ?? [])])];
  return all.filter((path) => !all.some((other) => path.startsWith(`${other}/`)));
}

/** Over all that confines a call of this plugin under this grant, but for what differs from call to call. */
export function profileDigest(
  ground: Ground,
  options: {
    readonly capabilities: Capabilities;
    readonly floor: readonly FloorRow[];
    readonly hasOwnUser: boolean;
    /** What groups of the kernel bound; null where none can be made. */
    readonly groups: readonly string[] | null;
  },
): Digest {
  const { runtime, interpreter } = ground;
  return sha256(
    canonicalJson({
      tier: 'process',
      ...fixedProfile(ground),
      read: [...readPaths(ground)],
      write: ground.systemPaths.filter(({ access }) => access === 'write').map(({ path }) => path),
      folders: { code: 'read', work: 'write' },
      limits: {
        ...limitsOf(runtime),
        memoryMiB: memoryMiBOf(runtime),
        processes: processesOf(runtime),
        workBytes: LIMITS.workBytesMax,
        workEntries: LIMITS.workEntriesMax,
      },
      env: environmentOf('work'),
      command: [interpreter?.path ?? '', ...runtime.command],
      protocol: runtime.protocol,
      hasOwnUser: options.hasOwnUser,
      groups: options.groups === null ? null : [...options.groups],
      capabilities: kindsOf(options.capabilities).map((kind) => [kind, options.capabilities[kind] ?? null]),
      floor: options.floor.map(({ property, standing, by }) => [property, standing, by]),
    }),
  );
}
