// A Unix socket in a directory of ours: where it may lie, and that it is ours. Whoever can open it acts as its owner, so
// both ends look at it before they use it. **Trust:** the directory is one that others can't write (checkOwnedDirectory).

import { closeSync, constants, lstatSync, openSync, type Stats, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { SmcpError, systemErrorCode } from './errors.ts';
import { checkOwner } from './owned-file.ts';

/** Bytes of a socket's path that every system takes. **Source:** sun_path has 104 bytes on macOS, 108 on Linux, 0 included. */
const PATH_BYTES_MAX = 103;

/** A path by which the socket can be made and reached, as long as it is not disposed of. */
export type SocketAddress = Disposable & { readonly path: string };

/**
 * Any path as one that fits into a socket's address: a longer one leads through a descriptor of its directory.
 *
 * @throws `HOME_INVALID` where the system has no such paths, or the directory is a link or can't be opened.
 */
export function socketAddress(path: string): SocketAddress {
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return { path, [Symbol.dispose]: () => {} };
  if (process.platform === 'linux') return throughDescriptor(path);
  throw new SmcpError('HOME_INVALID', `${path} is too long for a socket: at most ${PATH_BYTES_MAX} bytes`, {
    details: { remedy: 'give a home with a shorter path' },
  });
}

function throughDescriptor(path: string): SocketAddress {
  try {
    const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const short = `/proc/self/fd/${directory}/${basename(path)}`;
    return { path: short, [Symbol.dispose]: () => closeSync(directory) };
  } catch (cause) {
    throw new SmcpError('HOME_INVALID', `${dirname(path)} can't be opened`, {
      cause,
      details: { remedy: 'give a directory of your own as the home' },
    });
  }
}

/**
 * Looks at a socket by its name. False when nothing is there.
 *
 * @throws `HOME_UNSAFE` when it is no socket (a symbolic link too), another user's (root's is taken) or open to others.
 */
export function checkOwnedSocket(path: string): boolean {
  const stats = look(path);
  if (stats === undefined) return false;
  checkIsSocket(path, stats);
  checkOwner(path, stats, { keptFrom: 'being read' });
  return true;
}

/**
 * Removes what a server that crashed left behind. Call it with the home's lock held: nobody listens there then.
 *
 * @throws `HOME_UNSAFE` when something else lies there: it is not ours to remove.
 */
export function removeStaleSocket(path: string): void {
  const stats = look(path);
  if (stats === undefined) return;
  checkIsSocket(path, stats);
  unlinkSync(path);
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw new SmcpError('HOME_INVALID', `${path} can't be looked at`, {
      cause,
      details: { remedy: 'check its owner and mode' },
    });
  }
}

function checkIsSocket(path: string, stats: Stats): void {
  if (stats.isSocket()) return;
  const what = stats.isSymbolicLink() ? 'is a symbolic link' : 'is no socket';
  throw new SmcpError('HOME_UNSAFE', `${path} ${what}`, { details: { remedy: 'remove it; the server makes its own' } });
}
