// Tells when a file that people edit may have changed: its text, its owner or mode, or what stands in its place. Tells once
// the file has been quiet for a while, since editors write in steps. Says nothing of what is in the file: whoever is told
// reads it, and judges it.

import { type FSWatcher, lstatSync, watch } from 'node:fs';
import { systemErrorCode } from './errors.ts';

export type FileWatchTimes = {
  /** How long the file must have been the same before it is told, in ms. */
  readonly settleMs: number;
  /** A file that never is the same for so long is told this long after its first change. */
  readonly settleMsMax: number;
  /** Between two looks at the file's size, times, owner and mode: what is told late where the system tells nothing. */
  readonly pollMs: number;
};

export type FileWatch = {
  /** Tells once more after `pollMs`, whether or not the file changes. */
  readonly lookAgain: () => void;
  /** Tells nothing more. */
  readonly close: () => void;
};

/**
 * Calls `look` once soon after it returns, and then after each change. `look` does not throw. Holds no process open.
 *
 * The file itself is watched, not its directory: a home's directory also holds the database, and being told of every commit
 * took 14 µs of processor time each. A file of another inode in its place is an event of the old one; what no event tells
 * (a file that was missing, a network's disk) is found by polling.
 */
export function watchFile(path: string, look: () => void, times: FileWatchTimes): FileWatch {
  let isClosed = false;
  let watcher: FSWatcher | undefined;
  let settling: { readonly sinceMs: number; readonly timer: NodeJS.Timeout } | undefined;
  /** What the file was when it was last told, and when it last had a chance to settle. */
  let told: string | undefined;
  let candidate = fingerprint(path);
  let isAskedFor = true;

  const disarm = () => {
    watcher?.close();
    watcher = undefined;
  };
  const arm = () => {
    disarm();
    try {
      // A link would be followed, to a file that may never be taken.
      if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
      watcher = watch(path, { persistent: false }, changed);
      watcher.on('error', disarm);
    } catch {
      // No file, or no more watches to be had: polling goes on.
      disarm();
    }
  };
  const settle = (sinceMs: number) => {
    clearTimeout(settling?.timer);
    const leftMs = Math.max(sinceMs + times.settleMsMax - performance.now(), 0);
    settling = { sinceMs, timer: setTimeout(settled, Math.min(times.settleMs, leftMs)).unref() };
  };
  const changed = () => settle(settling?.sinceMs ?? performance.now());
  const settled = () => {
    const sinceMs = settling?.sinceMs ?? performance.now();
    // Armed before it is looked at: what changes from here on is an event.
    arm();
    const now = fingerprint(path);
    if (now !== candidate && performance.now() - sinceMs < times.settleMsMax) {
      candidate = now;
      settle(sinceMs);
      return;
    }
    settling = undefined;
    candidate = now;
    told = now;
    isAskedFor = false;
    look();
  };
  const poll = () => {
    if (settling !== undefined) return;
    if (watcher === undefined) arm();
    const now = fingerprint(path);
    if (now === told && !isAskedFor) return;
    candidate = now;
    changed();
  };

  const polling = setInterval(poll, times.pollMs).unref();
  changed();
  return {
    lookAgain: () => {
      isAskedFor = true;
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(polling);
      clearTimeout(settling?.timer);
      disarm();
    },
  };
}

/** Differs when the file is another one, was written, or has another owner or mode. */
function fingerprint(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, mode, uid } = lstatSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs, mode, uid].join(' ');
  } catch (thrown) {
    return systemErrorCode(thrown) ?? 'error';
  }
}
