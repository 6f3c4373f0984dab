// How a warden's process is started, and which layers confine it on this machine. Mechanism only: it decides nothing
// about plugins. The operating system's wall (own user, seccomp, Landlock) is not built yet and says so.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Layer } from '#domain/record.ts';
import { inspectProcess, privilegesOf } from './inspect-process.ts';
import { residentBytes } from './process-figures.ts';

export type WardenCommand = {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  /** Reads back which of the layers are in force around a warden that this command started, sorted by name. */
  readonly inspect: (pid: number) => readonly Layer[];
};

export type WardenSpec = {
  readonly memoryMiB: number;
  /** How many isolates of that size it may hold. */
  readonly isolates: number;
};

/**
 * What starts wardens. Every plugin needs every layer but `os-wall`; one that did not come with the product needs that too.
 */
export type Confinement = {
  /** What the wardens of this machine are started with. Sorted by name. */
  readonly layers: () => readonly Layer[];
  readonly wardenCommand: (spec: WardenSpec) => WardenCommand;
};

/** The layer that only the operating system can give, and without which only the product's own plugins run. */
export const OS_WALL = 'os-wall';

/** The layers that every plugin needs. Whoever describes a confinement and leaves one out has none of it. */
export const NEEDED_LAYERS = [
  'clean-environment',
  'isolate-heap',
  'jitless',
  'node-permission',
  'process',
  'rlimits',
  'rss-watchdog',
] as const;

/** The refusal for a layer that is not in force. */
export function layerMissing({ name, detail, remedy }: Layer): SmcpError {
  return new SmcpError('SANDBOX_UNAVAILABLE', `the sandbox layer \`${name}\` is missing: ${detail}`, {
    details: { layer: name, remedy: remedy ?? '`smcp doctor` says what this machine offers' },
  });
}

const ENVIRONMENT = { TZ: 'UTC', LANG: 'C.UTF-8' };
const PRLIMIT_PATHS = ['/usr/bin/prlimit', '/bin/prlimit'];
const SHELL_PATH = '/bin/sh';
const ENV_PATH = '/usr/bin/env';
const BYTES_PER_MIB = 1024 * 1024;
const KIB_PER_MIB = 1024;

/** How rlimits are set before Node starts: by `prlimit`, else by the shell; undefined where there is neither. */
function findLimiter(): 'prlimit' | 'shell' | undefined {
  if (process.platform !== 'linux') return undefined;
  if (PRLIMIT_PATHS.some((path) => existsSync(path))) return 'prlimit';
  return existsSync(SHELL_PATH) && existsSync(ENV_PATH) ? 'shell' : undefined;
}

/**
 * The confinement of this machine. `nodePath`: the Node that runs wardens, by default the one that runs the host.
 * `limiter`: what sets the limits, by default the best that is there.
 */
export function createConfinement(
  options: { readonly nodePath?: string; readonly limiter?: 'prlimit' | 'shell' } = {},
): Confinement {
  const nodePath = options.nodePath ?? process.execPath;
  const limiter = options.limiter ?? findLimiter();
  const mainPath = fileURLToPath(new URL('../warden/main.js', import.meta.url));
  const readable = ownReadablePaths(mainPath);
  return {
    layers: () => describeLayers(limiter),
    wardenCommand: ({ memoryMiB, isolates }) => {
      const flags = nodeFlags(readable);
      const node = [nodePath, ...flags, ...collectorFlags(memoryMiB), mainPath];
      const dataMiB = LIMITS.wardenDataBaselineMiB + memoryMiB * isolates + LIMITS.wardenHeadroomMiB;
      const [file = nodePath, ...args] = limiter === undefined ? node : [...limitArguments(limiter, dataMiB), ...node];
      const limits = {
        'Max data size': dataMiB * BYTES_PER_MIB,
        'Max core file size': 1,
        'Max file size': 0,
        'Max open files': LIMITS.wardenDescriptorsMax,
      };
      const inspect = (pid: number) => inForceOf(describeLayers(limiter), pid, { flags, limits });
      return { file, args, env: ENVIRONMENT, cwd: '/', inspect };
    },
  };
}

/** The layers as they are around one process: what the kernel does not confirm is not in force. */
function inForceOf(
  layers: readonly Layer[],
  pid: number,
  claims: { readonly flags: readonly string[]; readonly limits: { readonly [name: string]: number } },
): readonly Layer[] {
  const { environment, flags, limits } = inspectProcess(pid, { ...claims, env: ENVIRONMENT, cwd: '/' });
  const isPermission = (what: string) => what !== 'no --jitless';
  const shortfalls: { readonly [name: string]: readonly string[] } = {
    'clean-environment': environment,
    jitless: flags.filter((what) => !isPermission(what)),
    'node-permission': flags.filter(isPermission),
    process: pid === process.pid ? ['it is the process of the server'] : [],
    rlimits: limits,
    'rss-watchdog': residentBytes(pid) === undefined ? ['its memory can not be read'] : [],
  };
  return layers.map((layer): Layer => {
    const missing = shortfalls[layer.name] ?? [];
    if (layer.name === OS_WALL) return { ...layer, detail: `${layer.detail}; ${privilegesText(pid)}` };
    if (!layer.inForce || missing.length === 0) return layer;
    const remedy = layer.remedy ?? 'use our container; what was found is not how we start the process';
    return { ...layer, inForce: false, detail: `the kernel says otherwise: ${missing.join(', ')}`, remedy };
  });
}

function privilegesText(pid: number): string {
  const found = privilegesOf(pid);
  if (found === undefined) return 'what the system adds can not be read';
  return `the process has no_new_privs ${found.noNewPrivs}, seccomp ${found.seccomp}`;
}

/**
 * Node's permission model denies files, network, child processes and the inspector to the warden's JavaScript, but not to a
 * thread that it starts: hence sandbox/warden/renounce.js, and both are hurdles, not walls.
 */
function nodeFlags(readable: readonly string[]): string[] {
  return [
    '--jitless',
    '--no-node-snapshot',
    '--no-warnings',
    // Opens files past the permission model.
    '--no-experimental-sqlite',
    '--permission',
    '--allow-addons',
    ...readable.map((path) => `--allow-fs-read=${path}`),
  ];
}

/** How large the space for new objects gets in an isolate of this size: a part of its memory, not on top of it. */
export function isolateYoungMiB(memoryMiB: number): number {
  return Math.min(LIMITS.isolateYoungMiBMax, Math.floor(memoryMiB / LIMITS.isolateYoungDivisor));
}

/** For speed alone: every call leaves a context behind, and V8 would look for garbage after a few of them. */
function collectorFlags(memoryMiB: number): string[] {
  return [`--max-semi-space-size=${isolateYoungMiB(memoryMiB)}`, '--no-idle-gc-on-context-disposal'];
}

/** The product's own files that a warden loads, and the names that Node looks for on its way to them. */
function ownReadablePaths(mainPath: string): string[] {
  const sandbox = dirname(dirname(mainPath));
  const product = dirname(sandbox);
  const isolatedVm = packageRoot(mainPath, 'isolated-vm');
  const gyp = packageRoot(join(isolatedVm, 'package.json'), 'node-gyp-build');
  return [
    ...['warden', 'protocol', 'guest'].map((folder) => join(sandbox, folder)),
    join(sandbox, 'package.json'),
    join(product, 'package.json'),
    isolatedVm,
    gyp,
    '/etc/alpine-release',
  ];
}

/** The directory of a package as a file finds it. */
function packageRoot(from: string, name: string): string {
  const path = createRequire(from).resolve(name);
  const marker = join('node_modules', name);
  return path.slice(0, path.lastIndexOf(marker) + marker.length);
}

/** RLIMIT_CORE 1, since 0 does not stop a dump that the kernel pipes to a program; the shell can only say 0. */
function limitArguments(limiter: 'prlimit' | 'shell', dataMiB: number): string[] {
  const descriptors = LIMITS.wardenDescriptorsMax;
  if (limiter === 'shell') {
    const limits = `ulimit -c 0 && ulimit -d ${dataMiB * KIB_PER_MIB} && ulimit -f 0 && ulimit -n ${descriptors}`;
    // A shell exports variables of its own.
    const clean = [ENV_PATH, '-i', ...Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`)];
    return [SHELL_PATH, '-c', `${limits} && exec "$@"`, 'warden', ...clean];
  }
  const bytes = dataMiB * BYTES_PER_MIB;
  return [
    PRLIMIT_PATHS.find((path) => existsSync(path)) ?? 'prlimit',
    '--core=1:1',
    `--data=${bytes}:${bytes}`,
    '--fsize=0:0',
    `--nofile=${descriptors}:${descriptors}`,
    '--',
  ];
}

function describeLayers(limiter: 'prlimit' | 'shell' | undefined): readonly Layer[] {
  const isLinux = process.platform === 'linux';
  // Node 24's permission model has no say over the network; 25 and later deny it.
  const network = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ', no network' : '';
  const layers: readonly Layer[] = [
    { name: 'clean-environment', inForce: true, detail: 'no inherited variables or descriptors, directory /' },
    { name: 'isolate-heap', inForce: true, detail: 'V8 heap limit per plugin and agent' },
    { name: 'jitless', inForce: true, detail: 'no code is generated at run time; no WebAssembly' },
    {
      name: 'node-permission',
      inForce: true,
      detail: `no files but the product's own, no child processes, no threads${network}; a hurdle for JavaScript, not a wall`,
    },
    {
      name: OS_WALL,
      inForce: false,
      detail: 'own user, seccomp and Landlock around the process are not part of this version',
      remedy: 'only plugins that come with the product run until a version has this layer',
    },
    { name: 'process', inForce: true, detail: 'a process per plugin and profile, ended by SIGKILL' },
    limiter === undefined
      ? {
          name: 'rlimits',
          inForce: false,
          detail: 'neither prlimit nor /bin/sh can set limits here',
          remedy: 'run on Linux with util-linux installed, or use our container',
        }
      : { name: 'rlimits', inForce: true, detail: `data, core, file size and descriptors, set by ${limiter}` },
    isLinux
      ? { name: 'rss-watchdog', inForce: true, detail: `resident memory, every ${LIMITS.wardenMemoryPollMs} ms` }
      : { name: 'rss-watchdog', inForce: false, detail: 'needs /proc', remedy: 'run on Linux, or use our container' },
  ];
  return layers;
}
