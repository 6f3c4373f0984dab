// How a warden's process is started on this machine, and what confines it: the operating system's wall, and the hurdles inside.
// Mechanism only: it decides nothing about plugins. Fails closed: what the launcher can't do, or the kernel does not confirm, is
// not in force.

import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Layer } from '#domain/record.ts';
import { inspectProcess } from './inspect-process.ts';
import type { FloorRow } from './launcher/floor.ts';
import { startLaunch } from './launcher/launch.ts';
import type { LaunchProfile } from './launcher/launch-profile.ts';
import { layersOf, OWN_USER } from './layers.ts';
import { residentBytes } from './process-figures.ts';
import { createReachableFiles } from './reachable-files.ts';
import type { Wall } from './wall.ts';
import { ownWardenFiles } from './warden-files.ts';
import { type WardenSpec, wardenProfile } from './warden-profile.ts';

export type StartedWarden = {
  /** Descriptor 3 is its channel; 1 and 2 are read. */
  readonly child: ChildProcess;
  /** Resolves when Node begins, confined. Rejects with the step that failed; then no line of it ran. */
  readonly begun: Promise<void>;
};

/** For one start. */
export type WardenCommand = {
  readonly profile: LaunchProfile;
  /** @throws `SANDBOX_TAMPERED` · `SANDBOX_UNAVAILABLE` */
  readonly start: () => StartedWarden;
  /** Reads back which of the layers are in force around a warden that has begun, sorted by name. */
  readonly inspect: (pid: number) => readonly Layer[];
};

/** What starts wardens. Every plugin needs every layer of NEEDED_LAYERS, and every property of the floor. */
export type Confinement = Disposable & {
  /** What the wardens of this machine are started with. Sorted by name. */
  readonly layers: () => readonly Layer[];
  readonly floor: () => readonly FloorRow[];
  /** @throws `SANDBOX_UNAVAILABLE` when no user is left for the plugin, or it can't reach what it runs */
  readonly wardenCommand: (spec: WardenSpec) => WardenCommand;
  /** What keeps every warden from being started: the launcher is not there, or not what it was. @throws it */
  readonly requireLauncher: () => void;
};

/** How much a warden stands back for the host: with fifty of them that spin, a freeze took seconds. */
const NICENESS = 10;
const STDIO = ['ignore', 'pipe', 'pipe', 'pipe'] as const;

/** The confinement by this wall, which stays the caller's to close. */
export function createConfinement(wall: Wall): Confinement {
  const own = ownWardenFiles();
  const reachable = wall.users === undefined ? undefined : createReachableFiles(own);
  const layers = () =>
    layersOf({
      kernel: wall.kernel,
      floor: wall.floor(),
      trouble: wall.trouble(),
      hasUsers: wall.users !== undefined,
      isLinux: process.platform === 'linux',
    });

  return {
    layers,
    floor: wall.floor,
    requireLauncher: () => void wall.ports(),
    wardenCommand: (spec) => {
      const files = reachable?.get() ?? own;
      const lease = wall.users?.take(spec.owner);
      const giveBack = () => lease?.[Symbol.dispose]();
      let profile: LaunchProfile;
      try {
        profile = wardenProfile(files, spec, { uid: lease?.uid, isHere: existsSync });
      } catch (thrown) {
        giveBack();
        throw thrown;
      }
      return {
        profile,
        inspect: (pid) => inForceOf(layers(), pid, { profile, hostUid: wall.kernel.uid }),
        start: () => {
          try {
            const started = startLaunch(wall.ports(), profile, [...STDIO], { niceness: NICENESS });
            // Not before its last thread is gone may another plugin get its user.
            started.child.once('exit', giveBack).once('error', giveBack);
            return started;
          } catch (thrown) {
            giveBack();
            throw thrown;
          }
        },
      };
    },
    [Symbol.dispose]: () => reachable?.[Symbol.dispose](),
  };
}

/** The layers as they are around one process: what the kernel does not confirm is not in force. */
export function inForceOf(
  layers: readonly Layer[],
  pid: number,
  { profile, hostUid }: { readonly profile: LaunchProfile; readonly hostUid: number },
): readonly Layer[] {
  const found = inspectProcess(pid, profile, hostUid);
  const isPermission = (what: string) => what !== 'no --jitless';
  const shortfalls: { readonly [name: string]: readonly string[] } = {
    'clean-environment': found.environment,
    jitless: found.flags.filter((what) => !isPermission(what)),
    'no-capabilities': found.capabilities,
    'no-new-privs': found.privileges,
    'node-permission': found.flags.filter(isPermission),
    // The host's own user is held by nothing here: it is what `own-user` says is missing.
    [OWN_USER]: found.user,
    process: pid === process.pid ? ['it is the process of the server'] : [],
    rlimits: found.limits,
    'rss-watchdog': residentBytes(pid) === undefined ? ['its memory can not be read'] : [],
    seccomp: found.seccomp,
  };
  return layers.map((layer): Layer => {
    const missing = shortfalls[layer.name] ?? [];
    if (layer.name === 'clean-environment' && layer.inForce && !found.isEnvironmentSeen) {
      return { ...layer, detail: `${layer.detail}; as the launcher was told: reading it back takes CAP_SYS_PTRACE` };
    }
    if (!layer.inForce || missing.length === 0) return layer;
    const remedy = layer.remedy ?? 'use our container; what was found is not how we start the process';
    return { ...layer, inForce: false, detail: `the kernel says otherwise: ${missing.join(', ')}`, remedy };
  });
}
