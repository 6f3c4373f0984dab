// Which properties confinement must have, and which layer gives each on a kernel: Landlock where its ABI does, else a named
// substitute, else nothing, and then no program runs. Pure; `smcp doctor` shows it and profile-bytes.ts refuses by it.
// **Source:** Documentation/userspace-api/landlock.rst of the kernel, for what each ABI brought.

import type { KernelOffers } from './launch-profile.ts';

export type FloorProperty =
  | 'abstract-sockets'
  | 'attributes'
  | 'files'
  | 'named-sockets'
  | 'network'
  | 'privileges'
  | 'resources'
  | 'signals'
  | 'truncation';

export type FloorRow = {
  readonly property: FloorProperty;
  /** `substitute`: another layer gives it, since the one that is made for it is not here. */
  readonly standing: 'layer' | 'substitute' | 'missing';
  /** The layer, in words for a person. */
  readonly by: string;
  /** Where it is missing, or where a substitute costs something. */
  readonly remedy?: string;
};

/** From which ABI on Landlock has what; `known`: the newest that the launcher uses all of. */
export const LANDLOCK_ABI = { floor: 2, truncation: 3, tcp: 4, scopes: 6, namedSockets: 9, known: 9 } as const;

const LANDLOCK_REMEDY =
  'use Linux 5.19 or later with Landlock on: `landlock` belongs in the list of the boot parameter `lsm=`';
const SECCOMP_REMEDY = 'use a kernel with CONFIG_SECCOMP_FILTER';

/**
 * One row for each property. `isRoot`: programs get users of their own, which needs a host that may change users.
 */
export function floorOf(kernel: KernelOffers, options: { readonly isRoot: boolean }): readonly FloorRow[] {
  const { landlockAbi: abi, hasSeccomp } = kernel;
  const hasFloor = abi >= LANDLOCK_ABI.floor;
  const landlock = (what: string) => `Landlock (ABI ${abi}) ${what}`;
  const isOwn = options.isRoot && kernel.canChangeUser;
  const missing = (property: FloorProperty, by: string, remedy: string): FloorRow => ({
    property,
    standing: 'missing',
    by,
    remedy,
  });
  /** The layer made for it, else the filter in its place. */
  const either = (property: FloorProperty, layer: string | undefined, filter: string): FloorRow => {
    if (layer !== undefined) return { property, standing: 'layer', by: layer };
    if (hasSeccomp) return { property, standing: 'substitute', by: `seccomp ${filter}` };
    return missing(property, 'neither Landlock nor seccomp', SECCOMP_REMEDY);
  };
  const since = (first: number, what: string) => (abi >= first ? landlock(what) : undefined);
  return [
    either('abstract-sockets', since(LANDLOCK_ABI.scopes, 'keeps them inside'), 'makes no sockets but pairs and TCP'),
    either(
      'attributes',
      isOwn ? 'its own user owns no file of others' : undefined,
      'refuses modes, owners and times by path',
    ),
    hasFloor
      ? { property: 'files', standing: 'layer', by: landlock('allows the paths given, with all rights that it knows') }
      : missing('files', `Landlock has ABI ${abi}, and ${LANDLOCK_ABI.floor} is needed`, LANDLOCK_REMEDY),
    either(
      'named-sockets',
      since(LANDLOCK_ABI.namedSockets, 'keeps them inside'),
      'makes no sockets but pairs and TCP',
    ),
    hasSeccomp
      ? {
          property: 'network',
          standing: 'layer',
          by: `seccomp makes no sockets${abi >= LANDLOCK_ABI.tcp ? ', and Landlock denies TCP' : ''}`,
        }
      : missing('network', 'seccomp filters are not here', SECCOMP_REMEDY),
    hasSeccomp
      ? { property: 'privileges', standing: 'layer', by: 'no_new_privs, no capabilities, and seccomp' }
      : missing('privileges', 'seccomp filters are not here', SECCOMP_REMEDY),
    resources(kernel, isOwn),
    signals(kernel, isOwn),
    hasFloor
      ? either(
          'truncation',
          since(LANDLOCK_ABI.truncation, 'has a right for it'),
          'refuses it by path, and opening to truncate',
        )
      : missing('truncation', `Landlock has ABI ${abi}, and ${LANDLOCK_ABI.floor} is needed`, LANDLOCK_REMEDY),
  ];
}

function resources({ uid }: KernelOffers, isOwn: boolean): FloorRow {
  const property = 'resources';
  if (isOwn) return { property, standing: 'layer', by: 'rlimits, of processes for its own user' };
  if (uid === 0) {
    return {
      property,
      standing: 'missing',
      by: 'root has no limit of processes',
      remedy: 'let the host keep CAP_SETUID, CAP_SETGID and CAP_KILL, or run it as an ordinary user',
    };
  }
  const remedy = 'with root each plugin gets a user, and limits, of its own';
  return { property, standing: 'substitute', by: 'rlimits, of processes for the whole user', remedy };
}

function signals({ landlockAbi, hasSeccomp }: KernelOffers, isOwn: boolean): FloorRow {
  const property = 'signals';
  if (landlockAbi >= LANDLOCK_ABI.scopes) {
    return { property, standing: 'layer', by: `Landlock (ABI ${landlockAbi}) keeps them inside` };
  }
  if (isOwn) return { property, standing: 'substitute', by: 'its own user may signal no process of others' };
  if (!hasSeccomp) return { property, standing: 'missing', by: 'nothing keeps them inside', remedy: SECCOMP_REMEDY };
  const remedy = 'programs that signal their own children need Linux 6.12 or later, or a host that is root';
  return { property, standing: 'substitute', by: 'seccomp allows the own process group only', remedy };
}
