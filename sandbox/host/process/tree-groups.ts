// Groups of the kernel (cgroup v2) for the trees of restricted children, where the host may make some: each tree is born in one
// of its own, is ended by it as a whole, and is over when the kernel says that it holds nothing. Elsewhere the keeper's process
// group and the looks at /proc stand alone. All of a server's are in one folder; what a crash left there goes at the start.

import { randomUUID } from 'node:crypto';
import { lstatSync, rmdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import type { Logger } from '#base/log.ts';
import { KILL_FILE } from '#sandbox/host/launcher/own-cgroup.ts';
import {
  boundGroup,
  enableControllers,
  foldersIn,
  type GroupBounds,
  isPopulated,
  killGroup,
  makeGroup,
  removeGroup,
  wasShortOfMemory,
} from './cgroup-files.ts';
import { parentOf } from './process-group.ts';

/** The group of one call of a program that serves many. */
export type CallGroup = {
  /** Removes it; false when something of the call lives on. */
  readonly leave: () => boolean;
};

export type TreeGroup = {
  /** The group in which the program is born. */
  readonly startFolder: string;
  /** Written to, it ends the whole tree. */
  readonly killFile: string;
  readonly kill: () => void;
  readonly wasShortOfMemory: () => boolean;
  /**
   * Moves a process that waits for its call, and is a child of the program, into a group of its own.
   *
   * @throws when it is not there, or is somebody else's
   */
  readonly enterCall: (pid: number, parent: number) => Promise<CallGroup>;
  /** Ends what is left, and removes it. False when something does not end. */
  readonly remove: () => Promise<boolean>;
};

export type TreeGroups = {
  /** The controllers that bound a tree: of `CONTROLLERS`. */
  readonly bounding: readonly string[];
  /** `servesCalls`: the program starts a process of its own for each of many calls. @throws `SANDBOX_UNAVAILABLE` */
  readonly create: (bounds: GroupBounds, options?: { readonly servesCalls?: boolean }) => TreeGroup;
  /** Removes all of them. */
  readonly close: () => Promise<void>;
};

const NAME_LENGTH = 16;
const PROGRAM = 'program';
/** Of the server itself, where it had to leave the group that it bounds others in. */
const HOST = 'host';

/**
 * The groups of a server: in `parent`, under a name that is `place`'s, a folder that one server uses at a time. Undefined where
 * none can be made.
 */
export function openTreeGroups(
  { logger }: { readonly logger: Logger },
  { parent, place }: { readonly parent: string | undefined; readonly place: string },
): TreeGroups | undefined {
  if (parent === undefined) return undefined;
  const { dev, ino } = lstatSync(place);
  const base = join(parent, `smcp-${digestHex(sha256(`${place} ${dev} ${ino}`)).slice(0, NAME_LENGTH)}`);
  try {
    makeGroup(base);
    const cleaned = endLeftovers(base, logger).catch((thrown: unknown) => {
      logger.error('groups of a server that ended could not be removed', { error: String(thrown) });
    });
    enableControllers(parent, { aside: join(base, HOST) });
    return createTreeGroups(base, { bounding: enableControllers(base, {}), cleaned });
  } catch (thrown) {
    logger.warn('no groups of processes can be made', { error: String(thrown) });
    return undefined;
  }
}

const treesIn = (base: string): readonly string[] => foldersIn(base).filter((name) => name !== HOST);

/** What a server that crashed left. Resolves when it is gone. */
async function endLeftovers(base: string, logger: Logger): Promise<void> {
  const left = treesIn(base);
  const gone = await Promise.all(left.map((name) => removeGroup(join(base, name))));
  if (left.length > 0) logger.warn('programs of a server that ended were ended', { groups: left.length });
  if (gone.includes(false)) logger.error('programs of a server that ended do not end', {});
}

function createTreeGroups(
  base: string,
  { bounding, cleaned }: { readonly bounding: readonly string[]; readonly cleaned: Promise<void> },
): TreeGroups {
  return {
    bounding,
    create: (bounds, { servesCalls = false } = {}) => {
      const folder = join(base, `tree-${randomUUID()}`);
      try {
        makeGroup(folder);
        boundGroup(folder, bounds);
        if (servesCalls) makeGroup(join(folder, PROGRAM));
        return createTreeGroup(folder, servesCalls ? join(folder, PROGRAM) : folder);
      } catch (cause) {
        void removeGroup(folder).catch(() => {});
        const remedy = 'raise `cgroup.max.descendants` of the group that the server is in';
        throw new SmcpError('SANDBOX_UNAVAILABLE', 'no group could be made for a program', {
          details: { layer: 'cgroup', remedy },
          cause,
        });
      }
    },
    close: async () => {
      await cleaned;
      await Promise.all(treesIn(base).map((name) => removeGroup(join(base, name))));
      // Where the server itself stepped aside into it, it stays.
      if (foldersIn(base).length === 0) await removeGroup(base);
    },
  };
}

function createTreeGroup(folder: string, startFolder: string): TreeGroup {
  let calls = 0;
  return {
    startFolder,
    killFile: join(folder, KILL_FILE),
    kill: () => killGroup(folder),
    wasShortOfMemory: () => wasShortOfMemory(folder),
    enterCall: async (pid, parent) => {
      calls += 1;
      const call = join(folder, `call-${calls}`);
      makeGroup(call);
      const check = () => {
        if (parentOf(pid) !== parent) throw new SmcpError('PLUGIN_CRASHED', 'what waits for a call is no child of it');
      };
      check();
      // Takes the kernel up to 20 ms, in which nothing else may wait for it.
      await writeFile(join(call, 'cgroup.procs'), String(pid));
      check();
      return { leave: () => leaveCall(call) };
    },
    remove: () => removeGroup(folder),
  };
}

function leaveCall(call: string): boolean {
  if (isPopulated(call)) return false;
  rmdirSync(call);
  return true;
}
