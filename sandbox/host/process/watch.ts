// Looks at what runs, every few hundredths of a second: the memory and processor time of its whole tree, and how much it has
// written. Where no group of the kernel bounds a tree these are the bounds of the whole; each process has rlimits besides.

import type { ErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { measureTree } from './measure-tree.ts';
import { type TreeFigures, treeFigures } from './process-group.ts';
import type { WorkPlace } from './work-place.ts';

export type Watched = {
  /** Of the keeper; undefined when it did not start. */
  readonly root: number | undefined;
  /** What the tree had used before, where it serves more than one call. */
  readonly cpuMsBefore: number;
  readonly cpuMsMax: number;
  readonly memoryBytesMax: number;
  readonly workFolder: string;
  /** Called once. */
  readonly onExceeded: (code: ErrorCode, message: string) => void;
};

export type Watch = {
  /** Watches until the result is disposed of. */
  readonly begin: (watched: Watched) => Disposable;
};

type Entry = Watched & {
  free: { readonly bytes: number; readonly entries: number };
  walkedMs: number;
  isWalking: boolean;
  isOver: boolean;
};

/** One timer for all that is watched, and none while nothing is. */
export function createWatch(place: WorkPlace, nowMs: () => number): Watch {
  const entries = new Set<Entry>();
  let timer: NodeJS.Timeout | undefined;

  const exceed = (entry: Entry, code: ErrorCode, message: string) => {
    if (entry.isOver) return;
    entry.isOver = true;
    entry.onExceeded(code, message);
  };

  const look = (entry: Entry) => {
    if (entry.isOver || entry.root === undefined) return;
    const figures: TreeFigures = treeFigures(entry.root);
    if (figures.memoryBytes > entry.memoryBytesMax) exceed(entry, 'MEMORY_EXCEEDED', 'used more memory than it may');
    if (figures.cpuMs - entry.cpuMsBefore > entry.cpuMsMax)
      exceed(entry, 'CPU_EXCEEDED', 'used more processor time than it may');
    if (isWalkDue(entry)) void walk(entry);
  };

  /** Every second, or when the file system lost so much that it could be this one's. */
  const isWalkDue = (entry: Entry): boolean => {
    if (entry.isWalking) return false;
    const free = place.free();
    return (
      nowMs() - entry.walkedMs >= LIMITS.workWalkMs ||
      entry.free.bytes - free.bytes > LIMITS.workBytesMax / LIMITS.workWalkFraction ||
      entry.free.entries - free.entries > LIMITS.workEntriesMax / LIMITS.workWalkFraction
    );
  };

  const walk = async (entry: Entry) => {
    entry.isWalking = true;
    entry.free = place.free();
    const bounds = { bytesMax: LIMITS.workBytesMax, entriesMax: LIMITS.workEntriesMax };
    const { bytes, entries: count, isHidden } = await measureTree(entry.workFolder, bounds);
    entry.walkedMs = nowMs();
    entry.isWalking = false;
    if (bytes > bounds.bytesMax) exceed(entry, 'DISK_EXCEEDED', `wrote more than ${bounds.bytesMax} bytes`);
    else if (count > bounds.entriesMax) exceed(entry, 'DISK_EXCEEDED', `made more than ${bounds.entriesMax} files`);
    else if (isHidden) exceed(entry, 'DISK_EXCEEDED', 'made a folder that can not be looked into');
  };

  return {
    begin: (watched) => {
      const entry: Entry = { ...watched, free: place.free(), walkedMs: nowMs(), isWalking: false, isOver: false };
      entries.add(entry);
      timer ??= setInterval(() => entries.forEach(look), LIMITS.programPollMs);
      return {
        [Symbol.dispose]: () => {
          entry.isOver = true;
          entries.delete(entry);
          if (entries.size > 0) return;
          clearInterval(timer);
          timer = undefined;
        },
      };
    },
  };
}
