// Things of a workspace that are held open, so that no name leads to them any more. Every step goes from a folder that is held to one
// name in it, by `/proc/self/fd/N/name`, and follows no link: Node has no openat(2), and the kernel takes N there for the folder
// itself, wherever it has been moved to.
//
// O_PATH opens nothing: a pipe doesn't wait, a device does nothing, and what it is can be looked at before it is read.

import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats, statfsSync } from 'node:fs';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';

/** Of Linux, on every processor that Node runs on; Node does not name it. **Source:** include/uapi/asm-generic/fcntl.h */
const O_PATH = 0o10000000;

/** The number by which Linux knows /proc. **Source:** PROC_SUPER_MAGIC of include/uapi/linux/magic.h */
const PROC_TYPE = 0x9fa0;

const DESCRIPTORS = '/proc/self/fd';

/** @throws `CAPABILITY_UNAVAILABLE` where there is no /proc, or another thing in its place: no path could be opened safely */
export function checkProc(descriptors: string = DESCRIPTORS): void {
  try {
    if (statfsSync(descriptors).type === PROC_TYPE) return;
  } catch {
    // As where it is another thing.
  }
  throw new SmcpError('CAPABILITY_UNAVAILABLE', 'files of agents need /proc, which this machine does not have', {
    details: { remedy: 'run the server on Linux, with /proc mounted' },
  });
}

/** `foreign`: neither a plain file nor a folder, or not the workspace's own. */
export type HeldKind = 'file' | 'folder' | 'foreign';

/** One thing of a file system, by a descriptor of its own; never opened, only held. */
export class Held implements Disposable {
  /** Undefined once it was let go of: its number may be another one's by then. */
  #descriptor: number | undefined;
  readonly stats: Stats;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.stats = fstatSync(descriptor);
  }

  /** A folder by its path. **Trust:** the path is the configuration's, without links in it. */
  static root(path: string): Held {
    return new Held(openSync(path, O_PATH | constants.O_NOFOLLOW | constants.O_DIRECTORY));
  }

  /** What it has under one name; undefined: nothing. **Trust:** the name was read by `readWorkspacePath`, or by the system. */
  child(name: string): Held | undefined {
    try {
      return new Held(openSync(this.at(name), O_PATH | constants.O_NOFOLLOW));
    } catch (thrown) {
      if (systemErrorCode(thrown) === 'ENOENT') return undefined;
      throw thrown;
    }
  }

  /** What the system takes for this very thing, whatever its name is by now. */
  get self(): string {
    invariant(this.#descriptor !== undefined, 'what was let go of is not used');
    return `${DESCRIPTORS}/${this.#descriptor}`;
  }

  /** What the system takes for a name in this folder. Calls that follow a link at the end must not be given it. */
  at(name: string): string {
    return `${this.self}/${name}`;
  }

  /** Where it lies now. */
  place(): string {
    return readlinkSync(this.self);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/**
 * What it is to a workspace whose folder is `root`. A second name (hard link) may lie outside; another device is another place; a file
 * of another user was put there by one who could.
 */
export function kindOf({ stats }: Held, root: Held): HeldKind {
  return kindOfStats(stats, root.stats);
}

export function kindOfStats(stats: Stats, root: Stats): HeldKind {
  if (stats.dev !== root.dev || !isOwned(stats)) return 'foreign';
  if (stats.isDirectory()) return 'folder';
  return stats.isFile() && stats.nlink === 1 ? 'file' : 'foreign';
}

/** The server's user, or root. */
export function isOwned({ uid }: Stats): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
