// Waits for a database's write-ahead log to be on disk, on a thread of libuv's: what SQLite does within a commit with
// synchronous=FULL, without holding the host's one thread up for the time of an fsync. Used by sqlite.ts only.

import { closeSync, fdatasync, openSync } from 'node:fs';

export type WalSync = {
  /** **Durability:** every frame that was written when it was called is on disk when it resolves. Rejects with the system's error. */
  readonly sync: () => Promise<void>;
  readonly close: () => void;
};

/**
 * The write-ahead log lies beside the database from its first write until its last connection closes, so the one that is
 * opened here stays the one. SQLite keeps its locks on other files: closing this descriptor drops none.
 */
export function createWalSync(databaseFile: string): WalSync {
  let descriptor: number | undefined;
  return {
    sync: () => {
      descriptor ??= openSync(`${databaseFile}-wal`, 'r');
      const opened = descriptor;
      return new Promise((resolve, reject) => {
        // The data and what is needed to read them again, the file's length among it; not its times.
        fdatasync(opened, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
    },
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
