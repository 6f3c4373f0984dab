// The layers around a warden: which there are, which a plugin needs, and what each is on this machine. Pure; what is really in
// force around a process is read back by inspect-process.ts.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Layer } from '#domain/record.ts';
import type { FloorRow } from './launcher/floor.ts';
import type { KernelOffers } from './launcher/launch-profile.ts';

/** In force where the host may change users; elsewhere others stand in for it (`floorOf`), so no plugin needs it. */
export const OWN_USER = 'own-user';

/** The layers that every plugin needs. Whoever describes a confinement and leaves one out has none of it. */
export const NEEDED_LAYERS = [
  'clean-environment',
  'isolate-heap',
  'jitless',
  'landlock',
  'launcher',
  'no-capabilities',
  'no-new-privs',
  'node-permission',
  'process',
  'rlimits',
  'rss-watchdog',
  'seccomp',
] as const;

const ELSEWHERE = 'run on Linux, or use our container';

/** The refusal for a layer that is not in force. */
export function layerMissing({ name, detail, remedy }: Layer): SmcpError {
  return new SmcpError('SANDBOX_UNAVAILABLE', `the sandbox layer \`${name}\` is missing: ${detail}`, {
    details: { layer: name, remedy: remedy ?? '`smcp doctor` says what this machine offers' },
  });
}

/** The refusal for a property of the floor that nothing gives. */
export function propertyMissing({ property, by, remedy }: FloorRow): SmcpError {
  return new SmcpError('SANDBOX_UNAVAILABLE', `the sandbox can not keep ${property}: ${by}`, {
    details: { layer: property, remedy: remedy ?? '`smcp doctor` says what this machine offers' },
  });
}

/** What the layers are made of. */
export type Machine = {
  readonly kernel: KernelOffers;
  readonly floor: readonly FloorRow[];
  /** What keeps the launcher from running. */
  readonly trouble: SmcpError | undefined;
  readonly hasUsers: boolean;
  readonly isLinux: boolean;
};

/** What wardens of this machine are started with, sorted by name. */
export function layersOf(machine: Machine): readonly Layer[] {
  const { trouble, isLinux } = machine;
  const always = (name: string, detail: string): Layer => ({ name, inForce: true, detail });
  /** Set by the launcher, so not there without it. */
  const launched = (name: string, detail: string): Layer =>
    trouble === undefined
      ? always(name, detail)
      : { name, inForce: false, detail: 'the launcher, which sets it, does not run', remedy: remedyOf(trouble) };
  // Node 24's permission model has no say over the network; 25 and later deny it.
  const network = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ', no network' : '';
  return [
    launched('clean-environment', 'no inherited variables or descriptors, directory /'),
    always('isolate-heap', 'V8 heap limit per plugin and agent'),
    always('jitless', 'no code is generated at run time; no WebAssembly'),
    landlockLayer(machine, launched),
    trouble === undefined
      ? always('launcher', 'its hash is checked before each start')
      : { name: 'launcher', inForce: false, detail: trouble.message, remedy: remedyOf(trouble) },
    launched('no-capabilities', 'none held, and none to be gained'),
    launched('no-new-privs', 'programs that run as their owner give nothing'),
    always(
      'node-permission',
      `no files but the product's own, no child processes, no threads${network}; a hurdle for JavaScript, not a wall`,
    ),
    ownUserLayer(machine, launched),
    always('process', 'a process per plugin and profile, ended by SIGKILL, and by the kernel when the server ends'),
    launched('rlimits', 'data, core, file size, descriptors, threads and stack'),
    isLinux
      ? always('rss-watchdog', `resident memory, every ${LIMITS.wardenMemoryPollMs} ms`)
      : { name: 'rss-watchdog', inForce: false, detail: 'needs /proc', remedy: ELSEWHERE },
    seccompLayer(machine, launched),
  ];
}

type Launched = (name: string, detail: string) => Layer;

function remedyOf(error: SmcpError): string {
  const { remedy } = error.details;
  return typeof remedy === 'string' ? remedy : ELSEWHERE;
}

function landlockLayer({ kernel, floor, trouble }: Machine, launched: Launched): Layer {
  const detail = `ABI ${kernel.landlockAbi}: reads Node, its libraries and the product's warden; writes nothing`;
  const row = floor.find(({ property }) => property === 'files');
  if (trouble !== undefined || row?.standing !== 'missing') return launched('landlock', detail);
  return { name: 'landlock', inForce: false, detail: row.by, remedy: row.remedy ?? ELSEWHERE };
}

function seccompLayer({ kernel, floor, trouble }: Machine, launched: Launched): Layer {
  const row = floor.find(({ property }) => property === 'privileges');
  const detail = 'no sockets, programs, processes, or memory made executable; a list of calls is allowed';
  if (trouble !== undefined || kernel.hasSeccomp) return launched('seccomp', detail);
  return { name: 'seccomp', inForce: false, detail: row?.by ?? 'not here', remedy: row?.remedy ?? ELSEWHERE };
}

function ownUserLayer({ kernel, hasUsers }: Machine, launched: Launched): Layer {
  if (hasUsers) return launched(OWN_USER, 'a user per plugin, whom no other process of the machine has');
  return {
    name: OWN_USER,
    inForce: false,
    detail: kernel.uid === 0 ? 'the host may not change users' : "plugins run as the server's user; seccomp stands in",
    remedy: 'not needed; a server that is root, with CAP_SETUID, CAP_SETGID and CAP_KILL, gives each plugin a user',
  };
}

/** In force where the host may make groups of the kernel; elsewhere the process group stands in for it, so no plugin needs it. */
export const TREE_GROUP = 'cgroup';

/** Which of the two holds a tree together. `bounding`: what groups of the kernel bound; undefined where none can be made. */
export function treeLayer(bounding: readonly string[] | undefined): Layer {
  if (bounding === undefined) {
    return {
      name: TREE_GROUP,
      inForce: false,
      detail: 'no group can be made: process group, rlimits and looks at /proc stand in',
      remedy: 'not needed; a server with a cgroup v2 of its own, as systemd gives with `Delegate=yes`, uses it',
    };
  }
  const bounds = bounding.length > 0 ? `, and bounds its ${bounding.join(' and ')}` : '; rlimits bound it';
  return {
    name: TREE_GROUP,
    inForce: true,
    detail: `the tree of a call is born in a group of its own, which ends as a whole${bounds}`,
  };
}
