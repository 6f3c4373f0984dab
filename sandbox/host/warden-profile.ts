// What a warden's process gets, as a launch profile: pure, from the bounds of the plugin's manifest, the files of ours and a user.
// Grants differ per agent and are the broker's to enforce, so they are not part of it.

import { LIMITS } from '#base/limits.ts';
import { WARDEN_ENVIRONMENT } from './engine.ts';
import type { LaunchProfile } from './launcher/launch-profile.ts';
import type { WardenFiles } from './warden-files.ts';

export type WardenSpec = {
  readonly memoryMiB: number;
  /** How many isolates of that size it may hold. */
  readonly isolates: number;
  /** Whose user it gets where there are users to give: the plugin's digest. */
  readonly owner: string;
  /** Of isolated-vm's threads, in place of the bound of `LIMITS`: for a replay that looks whether the depth of a recursion matters. */
  readonly stackBytes?: number;
};

const BYTES_PER_MIB = 1024 * 1024;
/** Standard ones, and the host's channel. */
const DESCRIPTORS = [0, 1, 2, 3];

/** `isHere`: whether a path exists; what does not needs no rule. */
export function wardenProfile(
  { node, main, opensslConfig, product, libraries }: WardenFiles,
  { memoryMiB, isolates, stackBytes = LIMITS.wardenStackBytes }: WardenSpec,
  { uid, isHere }: { readonly uid: number | undefined; readonly isHere: (path: string) => boolean },
): LaunchProfile {
  const dataMiB = LIMITS.wardenDataBaselineMiB + memoryMiB * isolates + LIMITS.wardenHeadroomMiB;
  const flags = [...nodeFlags(product), `--openssl-config=${opensslConfig}`, ...collectorFlags(memoryMiB)];
  return {
    program: 'warden',
    paths: [node, ...libraries, ...product].filter(isHere).map((path) => ({ path, access: 'read' })),
    network: 'none',
    ...(uid === undefined ? {} : { uid }),
    limits: {
      dataBytes: dataMiB * BYTES_PER_MIB,
      fileBytes: 0,
      descriptors: LIMITS.wardenDescriptorsMax,
      processes: uid === undefined ? LIMITS.sharedUserThreadsMax : LIMITS.wardenUserThreadsMax,
      stackBytes,
    },
    env: WARDEN_ENVIRONMENT,
    cwd: '/',
    command: [node, ...flags, main],
    keptDescriptors: DESCRIPTORS,
  };
}

/**
 * Node's permission model denies files, network, child processes and the inspector to the warden's JavaScript, but not to a
 * thread that it starts: hence sandbox/warden/renounce.js. Both are hurdles before the wall.
 */
function nodeFlags(readable: readonly string[]): string[] {
  return [
    '--jitless',
    `--stack-size=${LIMITS.guestStackKiB}`,
    // What a call hangs on frozen objects, nobody could read again and would keep its memory (decision 0031).
    '--js-nonextensible-applies-to-private',
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

/** For speed alone: V8 would look for garbage each time a context is thrown away, and copy what a call is about to drop. */
function collectorFlags(memoryMiB: number): string[] {
  return [`--max-semi-space-size=${isolateYoungMiB(memoryMiB)}`, '--no-idle-gc-on-context-disposal'];
}
