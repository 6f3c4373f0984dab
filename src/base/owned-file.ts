// Files and directories of the home that decide what is allowed or true: only what nobody else could have written or swapped.
// **Trust:** other users of the machine may have put something else in their place.

import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { type ErrorCode, SmcpError, systemErrorCode } from './errors.ts';
import { readAtMost } from './read-at-most.ts';

/** `being written`: no other user may write it · `being read`: nor read it. */
export type KeptFrom = 'being written' | 'being read';

export type OwnedFileOptions = {
  readonly bytesMax: number;
  readonly keptFrom: KeptFrom;
  /** For contents that can't be taken: too long, no UTF-8, unreadable, written to meanwhile. */
  readonly code: ErrorCode;
};

/**
 * The text of a file, without a byte-order mark; undefined when there is none.
 *
 * **Trust:** the path's directory must be one that others can't write.
 * @throws `HOME_UNSAFE` when it is a symbolic link, no plain file, another user's (root's is taken) or open to others ·
 * `options.code` when it can't be read, is too long, or is written to at the same time.
 */
export function readOwnedFile(path: string, options: OwnedFileOptions): string | undefined {
  let file: number;
  try {
    // Without O_NONBLOCK the open of a FIFO would wait for a writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw unsafe(path, 'is a symbolic link', 'put the file itself there');
    throw new SmcpError(options.code, `${path} can't be read: ${code ?? 'error'}`, {
      cause,
      details: { remedy: 'make it readable for the user that runs the server' },
    });
  }
  try {
    const stats = fstatSync(file);
    checkOwnership(path, stats, options.keptFrom);
    const bytes = readAtMost(file, options.bytesMax + 1);
    const { size, mtimeMs } = fstatSync(file);
    if (size !== stats.size || mtimeMs !== stats.mtimeMs) {
      throw new SmcpError(options.code, `${path} was written to while it was read`, {
        details: { remedy: 'try again once it is whole' },
      });
    }
    if (bytes.length > options.bytesMax) {
      throw new SmcpError(options.code, `${path} is larger than ${options.bytesMax} bytes`, {
        details: { remedy: 'make it smaller' },
      });
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof SmcpError) throw cause;
    throw new SmcpError(options.code, `${path} is no text in UTF-8`, {
      cause,
      details: { remedy: 'save it as UTF-8' },
    });
  } finally {
    closeSync(file);
  }
}

/**
 * Checks a file by its name, for what others open: the database, the lock. False when nothing is there.
 *
 * @throws `HOME_UNSAFE` as `readOwnedFile` · `HOME_INVALID` when it can't be looked at.
 */
export function checkOwnedFile(path: string, keptFrom: KeptFrom): boolean {
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return false;
    throw new SmcpError('HOME_INVALID', `${path} can't be read`, {
      cause,
      details: { remedy: 'check its owner and mode' },
    });
  }
  if (stats.isSymbolicLink()) throw unsafe(path, 'is a symbolic link', 'put the file itself there');
  checkOwnership(path, stats, keptFrom);
  return true;
}

/**
 * Checks a directory by what `lstat` says of it: nobody else may put something in it.
 *
 * @throws `HOME_UNSAFE` when it is a link or no directory, another user's (root's is taken) or writable by others.
 */
export function checkOwnedDirectory(path: string, stats: Stats): void {
  if (!stats.isDirectory()) throw unsafe(path, 'is no directory of its own', 'put a directory there');
  checkOwner(path, stats, { keptFrom: 'being written' });
}

function checkOwnership(path: string, stats: Stats, keptFrom: KeptFrom): void {
  if (!stats.isFile()) throw unsafe(path, 'is no plain file', 'put a file there');
  checkOwner(path, stats, { keptFrom });
}

/** What the rule looks at of a file or directory. */
export type Ownership = { readonly uid: number; readonly mode: number };

/**
 * The one rule on who may own what the server trusts, and what others may do with it.
 *
 * @param options.uid the user that the server runs as; undefined where the system has none.
 * @throws `HOME_UNSAFE`
 */
export function checkOwner(
  path: string,
  { uid: owner, mode }: Ownership,
  { keptFrom, uid = process.geteuid?.() }: { readonly keptFrom: KeptFrom; readonly uid?: number | undefined },
): void {
  if (uid !== undefined && owner !== uid && owner !== 0) {
    throw unsafe(path, 'belongs to another user', 'chown it to the user that runs the server');
  }
  const isKeptSecret = keptFrom === 'being read';
  if ((mode & (isKeptSecret ? 0o077 : 0o022)) !== 0) {
    const what = isKeptSecret ? 'can be read or written by other users' : 'can be written by other users';
    throw unsafe(path, what, isKeptSecret ? 'chmod 600 it' : 'chmod go-w it');
  }
}

function unsafe(path: string, what: string, remedy: string): SmcpError {
  return new SmcpError('HOME_UNSAFE', `${path} ${what}`, { details: { remedy } });
}
