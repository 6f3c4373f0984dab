// Waits for a database's write-ahead log to be on disk, on a thread of libuv's: what SQLite does within a commit with
// synchronous=FULL, without holding the host's one thread up for the time of an fsync. Used by sqlite.ts only.

import { closeSync, fdatasync, openSync } from 'node:fs';

export type WalSync = {
  /**
   * Those who ask while one fsync is under way share the next one.
   *
   * **Durability:** every frame that was written when it was called is on disk when it resolves. Rejects with the system's error,
   * and from then on always: a kernel tells of a failed write once and forgets it, so that a later fsync proves nothing.
   */
  readonly sync: () => Promise<void>;
  /** What made a sync fail; undefined while none has. */
  readonly failure: () => unknown;
  readonly close: () => void;
};

/**
 * The write-ahead log lies beside the database from its first write until its last connection closes, so the one that is
 * opened here stays the one. SQLite keeps its locks on other files: closing this descriptor drops none.
 */
export function createWalSync(databaseFile: string): WalSync {
  // In memory there is no disk to wait for.
  if (databaseFile === ':memory:') return { sync: async () => {}, failure: () => undefined, close: () => {} };
  let descriptor: number | undefined;
  let underWay: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let failure: unknown;

  const start = (): Promise<void> => {
    const running = new Promise<void>((resolve, reject) => {
      descriptor ??= openSync(`${databaseFile}-wal`, 'r');
      // The data and what is needed to read them again, the file's length among it; not its times.
      fdatasync(descriptor, (error) => {
        if (error !== null) return reject(error);
        underWay = undefined;
        resolve();
      });
    });
    running.catch((error: unknown) => {
      failure ??= error;
    });
    underWay = running;
    return running;
  };

  return {
    sync: async () => {
      if (underWay === undefined) return start();
      // What is written by now may be too late for the one that is under way. After a failed one there is no next.
      next ??= underWay.then(() => {
        next = undefined;
        return start();
      });
      return next;
    },
    failure: () => failure,
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
