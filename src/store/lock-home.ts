// One server per home. The lock is an SQLite transaction on a file of its own, so the kernel releases it when its holder
// dies, however it dies; nothing has to be cleaned up and no process id can be mistaken for another's.

import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { SmcpError } from '#base/errors.ts';
import { checkOwnedFile } from '#base/owned-file.ts';
import { type Database, isBusy, openDatabase } from './sqlite.ts';

/** The lock's file in the home. Opening and closing it by other means in the holder's process would drop the lock. */
const LOCK_FILE = 'lock';

/** How long a command that only asks may hold the file: a server that starts waits for it. */
const PROBE_MS_MAX = 250;

/**
 * Takes the home for this process until disposed of, or until the process ends.
 *
 * @throws `HOME_LOCKED` when another live process, or this one, has it · `HOME_UNSAFE` · `HOME_INVALID` (no such home).
 */
export function lockHome(homeDir: string): Disposable {
  const file = join(homeDir, LOCK_FILE);
  const database = open(file);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    database.close();
    if (!isBusy(thrown)) throw thrown;
    throw new SmcpError('HOME_LOCKED', `another server runs, or is starting, on the home ${homeDir}`, {
      cause: thrown,
      details: { remedy: 'use that server, stop it, or name another --home' },
    });
  }
  return { [Symbol.dispose]: () => database.close() };
}

/** Whether a live process has the home. @throws `HOME_UNSAFE` when the lock's file is not the home's own. */
export function isHomeLocked(homeDir: string): boolean {
  const file = join(homeDir, LOCK_FILE);
  if (!checkOwnedFile(file, 'being written')) return false;
  const database = openDatabase(file, { readOnly: true, busyMs: 0 });
  try {
    database.exec('BEGIN; SELECT 1 FROM sqlite_schema; COMMIT');
    return false;
  } catch (thrown) {
    if (isBusy(thrown)) return true;
    throw thrown;
  } finally {
    database.close();
  }
}

function open(file: string): Database {
  try {
    if (!checkOwnedFile(file, 'being written')) closeSync(openSync(file, 'a', 0o600));
    return openDatabase(file, { readOnly: false, busyMs: PROBE_MS_MAX });
  } catch (thrown) {
    if (thrown instanceof SmcpError && thrown.code === 'HOME_UNSAFE') throw thrown;
    throw new SmcpError('HOME_INVALID', `${file} can't be opened`, {
      cause: thrown,
      details: { remedy: 'make the home directory, writable for the user that runs the server' },
    });
  }
}
