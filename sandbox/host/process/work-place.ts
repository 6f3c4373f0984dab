// Folders that calls may write to, and the one that holds them: each is its user's alone, measured while it is used, and
// removed with all that is in it. What is in them is the plugin's: names, modes and depth may be anything. Nothing is
// followed and nothing is executed here.

import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, realpathSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { checkOwnedDirectory } from '#base/owned-file.ts';
import { removeBelow, removeTree } from './remove-tree.ts';

export type WorkFolder = {
  /** Real, absolute. */
  readonly path: string;
  /** Removes all that is in it, and gives it back its mode. At once when it is empty. */
  readonly empty: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

export type WorkPlace = {
  /** Real, absolute. Others can pass through it but not list it. */
  readonly path: string;
  /** A new folder. `uid`: whose it is; absent: the host's. */
  readonly create: (uid: number | undefined) => WorkFolder;
  /** What its file system has free. */
  readonly free: () => { readonly bytes: number; readonly entries: number };
  /** Removes the place with all that is in it. */
  readonly close: () => Promise<void>;
};

const PLACE_MODE = 0o711;
const OWN_MODE = 0o700;
const NAME_BYTES = 16;

/**
 * Makes the place, which must be nobody else's, and removes what a host that crashed left in it. One host uses it at a time.
 *
 * @throws `HOME_UNSAFE` when it is a link, belongs to another user or is writable by others · `HOME_INVALID` when it can't be made
 */
export async function openWorkPlace(folder: string): Promise<WorkPlace> {
  let path: string;
  try {
    mkdirSync(folder, { recursive: true, mode: PLACE_MODE });
    checkOwnedDirectory(folder, lstatSync(folder));
    chmodSync(folder, PLACE_MODE);
    path = realpathSync(folder);
    await removeBelow(path);
  } catch (cause) {
    if (cause instanceof SmcpError) throw cause;
    const code = systemErrorCode(cause) ?? 'unknown';
    throw new SmcpError('HOME_INVALID', `the folder that plugins work in can't be made (${code})`, {
      cause,
      details: { remedy: 'let the server write there, and free space on the disk' },
    });
  }
  return {
    path,
    create: (uid) => createFolder(path, uid),
    free: () => {
      const { bavail, bsize, ffree } = statfsSync(path);
      return { bytes: bavail * bsize, entries: ffree };
    },
    close: () => removeTree(path),
  };
}

function createFolder(place: string, uid: number | undefined): WorkFolder {
  const path = join(place, `work-${randomBytes(NAME_BYTES).toString('hex')}`);
  mkdirSync(path, { mode: OWN_MODE });
  if (uid !== undefined) chownSync(path, uid, uid);
  return {
    path,
    empty: async () => {
      const { mode } = lstatSync(path);
      // Its owner may have changed it; the next call is to find it as it was.
      if ((mode & 0o7777) !== OWN_MODE) chmodSync(path, OWN_MODE);
      if (readdirSync(path).length > 0) await removeBelow(path);
    },
    remove: () => removeTree(path),
  };
}
