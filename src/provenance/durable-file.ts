// Small files beside the database that must be whole after a power loss: keys, the verifier key, the last checkpoint.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { checkOwnFile } from '#base/own-file.ts';

/**
 * Replaces a file by a new one.
 *
 * **Durability:** the whole new file is on disk when it returns; after a crash before that, the whole old one.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = `${path}.new`;
  writeDurably(temporary, text, { flags: 'w', mode });
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/** Makes a file that must not be there yet; a system error EEXIST when it is. **Durability:** on disk when it returns. */
export function createFile(path: string, text: string, mode: number): void {
  writeDurably(path, text, { flags: 'wx', mode });
  syncDirectory(dirname(path));
}

function writeDurably(
  path: string,
  text: string,
  { flags, mode }: { readonly flags: string; readonly mode: number },
): void {
  const descriptor = openSync(path, flags, mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * A small text file of the home; undefined when it is not there.
 *
 * @param forbidden mode bits that it must not have.
 * @throws `HOME_UNSAFE` · `HOME_INVALID` when it can't be read or is no text of a sensible size.
 */
export function readOwnFile(path: string, forbidden: number): string | undefined {
  if (!checkOwnFile(path, forbidden)) return undefined;
  return readSmallFile(path);
}

/** As `readOwnFile`, without a question of who owns it: for evidence that came from elsewhere. */
export function readSmallFile(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > LIMITS.noteBytesMax) throw new Error(`it has ${bytes.length} bytes`);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw new SmcpError('HOME_INVALID', `${path} can't be read as a small text file`, {
      cause,
      details: { remedy: 'put the original file back' },
    });
  }
}
