// How a warden's process is started, and which layers confine it on this machine. Mechanism only: it decides nothing
// about plugins. The operating system's wall (own user, seccomp, Landlock) is not built yet and says so.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '#base/limits.ts';
import type { Layer } from '#domain/record.ts';

export type WardenCommand = {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
};

export type WardenSpec = {
  /** The plugin's read-only copy: the only directory besides the product's own that the warden may read. */
  readonly directory: string;
  readonly memoryMiB: number;
  /** How many isolates of that size it may hold. */
  readonly isolates: number;
};

/** What starts wardens. A plugin that did not come with the product needs every layer, `os-wall` included. */
export type Confinement = {
  /** Sorted by name. */
  readonly layers: () => readonly Layer[];
  readonly wardenCommand: (spec: WardenSpec) => WardenCommand;
};

/** The layer that only the operating system can give, and without which only the product's own plugins run. */
export const OS_WALL = 'os-wall';

const ENVIRONMENT = { TZ: 'UTC', LANG: 'C.UTF-8' };
const PRLIMIT_PATHS = ['/usr/bin/prlimit', '/bin/prlimit'];
const SHELL_PATH = '/bin/sh';
const BYTES_PER_MIB = 1024 * 1024;
const KIB_PER_MIB = 1024;

/** How rlimits are set before Node starts: by `prlimit`, else by the shell; undefined where there is neither. */
function findLimiter(): 'prlimit' | 'shell' | undefined {
  if (process.platform !== 'linux') return undefined;
  if (PRLIMIT_PATHS.some((path) => existsSync(path))) return 'prlimit';
  return existsSync(SHELL_PATH) ? 'shell' : undefined;
}

/** The confinement of this machine. `nodePath`: the Node that runs wardens, by default the one that runs the host. */
export function createConfinement(options: { readonly nodePath?: string } = {}): Confinement {
  const nodePath = options.nodePath ?? process.execPath;
  const limiter = findLimiter();
  const mainPath = fileURLToPath(new URL('../warden/main.js', import.meta.url));
  const readable = ownReadablePaths(mainPath);
  return {
    layers: () => describeLayers(limiter),
    wardenCommand: ({ directory, memoryMiB, isolates }) => {
      const node = [nodePath, ...nodeFlags([...readable, directory]), mainPath];
      const dataMiB = LIMITS.wardenDataBaselineMiB + memoryMiB * isolates + LIMITS.wardenHeadroomMiB;
      const [file = nodePath, ...args] = limiter === undefined ? node : [...limitArguments(limiter, dataMiB), ...node];
      return { file, args, env: ENVIRONMENT, cwd: '/' };
    },
  };
}

/** Node's permission model denies files, network, child processes and the inspector to the warden's JavaScript. */
function nodeFlags(readable: readonly string[]): string[] {
  return [
    '--jitless',
    '--no-node-snapshot',
    '--no-warnings',
    '--permission',
    '--allow-addons',
    '--allow-worker',
    ...readable.map((path) => `--allow-fs-read=${path}`),
  ];
}

/** The product's own files that a warden loads, and the names that Node looks for on its way to them. */
function ownReadablePaths(mainPath: string): string[] {
  const sandbox = dirname(dirname(mainPath));
  const product = dirname(sandbox);
  const require = createRequire(mainPath);
  const packages = ['isolated-vm', 'piscina'].map((name) => packageRoot(require.resolve(name), name));
  const isolatedVm = packages[0] ?? product;
  const gyp = packageRoot(createRequire(join(isolatedVm, 'package.json')).resolve('node-gyp-build'), 'node-gyp-build');
  return [
    ...['warden', 'protocol', 'guest'].map((folder) => join(sandbox, folder)),
    join(sandbox, 'package.json'),
    join(product, 'package.json'),
    ...packages,
    gyp,
    '/etc/alpine-release',
  ];
}

/** The directory of a package from the path of a file in it. */
function packageRoot(path: string, name: string): string {
  const marker = join('node_modules', name);
  return path.slice(0, path.lastIndexOf(marker) + marker.length);
}

/** RLIMIT_CORE 1, since 0 does not stop a dump that the kernel pipes to a program; the shell can only say 0. */
function limitArguments(limiter: 'prlimit' | 'shell', dataMiB: number): string[] {
  const descriptors = LIMITS.wardenDescriptorsMax;
  if (limiter === 'shell') {
    const limits = `ulimit -c 0 && ulimit -d ${dataMiB * KIB_PER_MIB} && ulimit -f 0 && ulimit -n ${descriptors}`;
    return [SHELL_PATH, '-c', `${limits} && exec "$@"`, 'warden'];
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
    { name: 'node-permission', inForce: true, detail: `no files but the plugin's, no child processes${network}` },
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
