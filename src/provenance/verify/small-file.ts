// The files of a log that is verified, read so that none of them can hold the verifier up. **Trust:** none; anyone may
// have put anything there: a link, a pipe, a device, a file without end.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { readAtMost } from '#base/read-at-most.ts';

/**
 * The bytes of a plain file; undefined when it is not there. Nobody asks who owns it: it may come from elsewhere.
 *
 * @throws `HOME_INVALID` when it is a link, no plain file, longer than `bytesMax` or can't be read.
 */
export function readPlainFile(path: string, bytesMax: number): Uint8Array | undefined {
  let file: number;
  try {
    // Without O_NONBLOCK the open of a FIFO would wait for a writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw refused(path, systemErrorCode(cause) === 'ELOOP' ? 'is a symbolic link' : "can't be read", cause);
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw refused(path, 'is no plain file');
    if (stats.size > bytesMax) throw refused(path, `has ${stats.size} bytes, more than ${bytesMax}`);
    const bytes = readAtMost(file, bytesMax + 1);
    if (bytes.length > bytesMax) throw refused(path, `has more than ${bytesMax} bytes`);
    return bytes;
  } catch (cause) {
    throw cause instanceof SmcpError ? cause : refused(path, "can't be read", cause);
  } finally {
    closeSync(file);
  }
}

/** A small text file of a log; undefined when it is not there. @throws `HOME_INVALID` as `readPlainFile`, or for no UTF-8. */
export function readSmallFile(path: string): string | undefined {
  const bytes = readPlainFile(path, LIMITS.noteBytesMax);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refused(path, 'is no text in UTF-8', cause);
  }
}

function refused(path: string, what: string, cause?: unknown): SmcpError {
  return new SmcpError('HOME_INVALID', `${path} ${what}`, {
    cause,
    details: { remedy: 'put the original file back' },
  });
}
