// The wall of the operating system on this machine: the launcher, what the kernel offers, and users for what is confined.
// Made once, for both tiers: wardens and restricted children start by it. What keeps it from standing is said, not thrown,
// until somebody starts one.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { asSmcpError, SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Layer } from '#domain/record.ts';
import { type FloorRow, floorOf } from './launcher/floor.ts';
import { kernelOffers } from './launcher/kernel-offers.ts';
import { createFilterBook, type LaunchPorts } from './launcher/launch.ts';
import type { KernelOffers } from './launcher/launch-profile.ts';
import { type Launcher, openLauncher } from './launcher/launcher.ts';
import { treeLayer } from './layers.ts';
import { enabledControllers } from './process/cgroup-files.ts';
import { createUserPool, isRangeMapped, type UserPool, type UserRange } from './user-pool.ts';

export type WallOptions = {
  /** Of what is confined, where the host is root. Absent: the range of `LIMITS`. */
  readonly users?: UserRange;
  /** For tests: a launcher that lies elsewhere. */
  readonly openLauncher?: () => Launcher;
  /** For tests: another kernel in place of the one that is here. */
  readonly kernel?: (offered: KernelOffers) => KernelOffers;
};

export type Wall = Disposable & {
  /** What a program is started with. @throws what `trouble` says */
  readonly ports: () => LaunchPorts;
  /** What keeps every program from being started: no launcher, or one that was changed. Looks again each time. */
  readonly trouble: () => SmcpError | undefined;
  /** A kernel that offers nothing where it could not be asked. */
  readonly kernel: KernelOffers;
  /** Each property that confinement must have, and what gives it here. */
  readonly floor: () => readonly FloorRow[];
  /** Undefined where programs run as the host's user. */
  readonly users: UserPool | undefined;
  /** What holds the trees of restricted children together here, by what a server that ran before has enabled. */
  readonly treeLayer: () => Layer;
  /** Lets this process, the host, leave no dump of its memory, and says whether that is so. */
  readonly limitDumps: () => Layer;
};

const NO_KERNEL: KernelOffers = {
  arch: 'x64',
  landlockAbi: 0,
  hasSeccomp: false,
  uid: 0,
  canChangeUser: false,
};

/** Opens the wall. Never throws: what is missing shows in `trouble` and `floor`. */
export function openWall(options: WallOptions = {}): Wall {
  const range = options.users ?? { first: LIMITS.pluginUidFirst, count: LIMITS.pluginUidsMax };
  const opened = attempt(options.openLauncher ?? openLauncher);
  const asked = opened instanceof SmcpError ? opened : attempt(() => kernelOffers(opened));
  const offered = asked instanceof SmcpError ? NO_KERNEL : { ...asked, ...usersOffered(asked, range) };
  const kernel = options.kernel?.(offered) ?? offered;
  const hasUsers = kernel.canChangeUser;
  const filterOf = createFilterBook();

  const trouble = (): SmcpError | undefined => {
    if (opened instanceof SmcpError) return opened;
    if (asked instanceof SmcpError) return asked;
    const path = attempt(opened.path);
    return path instanceof SmcpError ? path : undefined;
  };

  return {
    kernel,
    trouble,
    ports: () => {
      const wrong = trouble();
      if (wrong !== undefined || opened instanceof SmcpError) throw wrong;
      return { launcher: opened, kernel, filterOf };
    },
    floor: () => floorOf(kernel, { isRoot: hasUsers }),
    users: hasUsers ? createUserPool(range) : undefined,
    treeLayer: () => treeLayer(kernel.cgroup === undefined ? undefined : enabledControllers(kernel.cgroup)),
    limitDumps: () => dumpLayer(opened),
    [Symbol.dispose]: () => {
      if (!(opened instanceof SmcpError)) opened[Symbol.dispose]();
    },
  };
}

/** An ordinary user may hold the capabilities and yet not pass them on to the launcher. */
function usersOffered({ uid, canChangeUser }: KernelOffers, range: UserRange) {
  return { canChangeUser: canChangeUser && uid === 0 && isRangeMapped(range) } as const;
}

function attempt<T>(act: () => T): T | SmcpError {
  try {
    return act();
  } catch (thrown) {
    return asSmcpError(thrown);
  }
}

function dumpLayer(opened: Launcher | SmcpError): Layer {
  const name = 'host-dump';
  if (!(opened instanceof SmcpError)) {
    attempt(() =>
      execFileSync(opened.path(), ['--core-limit', String(process.pid)], {
        env: {},
        stdio: 'ignore',
        timeout: LIMITS.launcherProbeMsMax,
      }),
    );
  }
  const limits = attempt(() => readFileSync('/proc/self/limits', 'latin1'));
  const hard = typeof limits === 'string' ? /^Max core file size +\d+ +(\d+) /m.exec(limits)?.[1] : undefined;
  if (hard === '1')
    return { name, inForce: true, detail: 'RLIMIT_CORE 1: a crash of the server leaves no copy of its memory' };
  // 0 keeps it from files alone: the kernel still pipes it to a program where one is set.
  const found =
    hard === '0' ? 'RLIMIT_CORE is 0, which does not hold where dumps are piped to a program' : 'not limited';
  const remedy = 'start the server on Linux with a hard limit for core dumps (`ulimit -H -c`) of at least 1';
  return { name, inForce: false, detail: found, remedy };
}
