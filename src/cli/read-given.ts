// Files that a person names on the command line: a policy, arguments, a key. **Trust:** the name is the person's; what is in
// the file may be anyone's.

import { closeSync, openSync } from 'node:fs';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { readAtMost } from '#base/read-at-most.ts';

/**
 * The text of a file or pipe, without a byte-order mark.
 *
 * @throws `USAGE` when it can't be read, has more than `bytesMax` bytes or is no UTF-8.
 */
export function readGiven(file: string, bytesMax: number): string {
  const bytes = readBytes(file, bytesMax + 1);
  if (bytes.length > bytesMax) throw refused(file, `has more than ${bytesMax} bytes`, 'give a smaller file');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refused(file, 'is no text in UTF-8', 'save it as UTF-8', cause);
  }
}

function readBytes(file: string, bytesMax: number): Uint8Array {
  let opened: number | undefined;
  try {
    opened = openSync(file, 'r');
    return readAtMost(opened, bytesMax);
  } catch (cause) {
    throw refused(file, `can't be read: ${systemErrorCode(cause) ?? 'error'}`, 'name a file that you can read', cause);
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function refused(file: string, what: string, remedy: string, cause?: unknown): SmcpError {
  return new SmcpError('USAGE', `${file} ${what}`, { cause, details: { remedy } });
}
