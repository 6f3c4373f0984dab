// Files of the home that decide what is allowed or true: they must be plain files of this user, with safe modes.
// **Trust:** other users of the machine may have put something else in their place.

import { lstatSync, type Stats } from 'node:fs';
import { SmcpError, systemErrorCode } from './errors.ts';

/** Mode bits that nobody but the owner may have. */
export const OTHERS_WRITE = 0o022;
export const OTHERS_ANY = 0o077;

/**
 * Checks a file by its name, without opening it. False when nothing is there.
 *
 * @param forbidden mode bits that must not be set.
 * @throws `HOME_UNSAFE` for a link, a directory or device, another user's file, or a forbidden mode bit.
 */
export function checkOwnFile(path: string, forbidden: number): boolean {
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
  const problem = problemOf(stats, forbidden);
  if (problem !== undefined) {
    throw new SmcpError('HOME_UNSAFE', `${path} ${problem}`, {
      details: {
        remedy: `make it a plain file of the user that runs the server: chmod ${remedyMode(forbidden)} ${path}`,
      },
    });
  }
  return true;
}

function problemOf(stats: Stats, forbidden: number): string | undefined {
  if (stats.isSymbolicLink()) return 'is a symbolic link';
  if (!stats.isFile()) return 'is not a plain file';
  const user = process.getuid?.();
  if (user !== undefined && stats.uid !== user) return 'belongs to another user';
  if ((stats.mode & forbidden & 0o044) !== 0) return 'can be read by others';
  if ((stats.mode & forbidden) !== 0) return 'can be written by others';
  return undefined;
}

function remedyMode(forbidden: number): string {
  return forbidden === OTHERS_ANY ? '600' : '644';
}
