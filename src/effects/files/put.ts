// Writes one file into a folder that is held: whole under another name first, or at the end of what is there.

import { randomBytes } from 'node:crypto';
import { constants, linkSync, renameSync, unlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { PARTIAL_PREFIX } from '#domain/workspace-path.ts';
import type { Held } from './held.ts';

const FILE_MODE = 0o600;

/**
 * A new file under `name`. `replaces`: in place of a file that is there; else what appeared there meanwhile stays, and EEXIST is thrown.
 *
 * **Durability:** the whole file, and its name, are on disk when it resolves. When it rejects there is what was there before; after a crash that or
 * the whole new file.
 */
export async function putWhole(
  folder: Held,
  name: string,
  { bytes, replaces }: { readonly bytes: Uint8Array; readonly replaces: boolean },
): Promise<void> {
  const partial = folder.at(`${PARTIAL_PREFIX}${randomBytes(12).toString('hex')}`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    await using file = await open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
    await writeAll(file, bytes);
    await file.sync();
    // A rename replaces what has the name, and follows no link there; a link(2) is refused where there is something.
    if (replaces) renameSync(partial, folder.at(name));
    else linkSync(partial, folder.at(name));
  } finally {
    removeIfThere(partial);
  }
  await sync(folder);
}

/**
 * At the end of `file`, a plain one that is held.
 *
 * **Durability:** on disk when it resolves. When it rejects the file is as it was; after a crash it may hold a part.
 */
export async function putAtEnd(file: Held, bytes: Uint8Array): Promise<{ readonly size: number }> {
  await using opened = await open(file.self, constants.O_RDWR | constants.O_APPEND | constants.O_NONBLOCK);
  const { size } = await opened.stat();
  try {
    await writeAll(opened, bytes);
    await opened.sync();
  } catch (thrown) {
    await opened.truncate(size);
    throw thrown;
  }
  return { size: size + bytes.length };
}

/** What was changed in the folder is on disk when it resolves. */
export async function sync(folder: Held): Promise<void> {
  await using opened = await open(folder.self, constants.O_RDONLY | constants.O_DIRECTORY);
  await opened.sync();
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at);
    if (bytesWritten === 0) throw new SmcpError('CAPABILITY_UNAVAILABLE', 'the disk takes no more bytes of a file');
    at += bytesWritten;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (thrown) {
    if (systemErrorCode(thrown) !== 'ENOENT') throw thrown;
  }
}
