// Small files of the home that must be whole after a power loss: policy, tokens, keys, the last checkpoint.

import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file by a new one.
 *
 * **Durability:** the whole new file is on disk when it returns; when it throws, or after a crash before that, the whole old
 * one.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  writeBeside(path, { text, mode }, (temporary) => renameSync(temporary, path));
}

/**
 * The same on a thread of libuv's, for what is written again and again. One at a time for a path.
 *
 * **Durability:** as `replaceFile`, when it resolves.
 */
export function replaceFileLater(path: string, text: string, mode: number): Promise<void> {
  return writeBesideLater(path, { text, mode }, (temporary) => rename(temporary, path));
}

/**
 * Replaces a file that is there, and keeps its mode, owner and group. A system error EPERM when the owner can't be kept.
 *
 * @param check called when the new file is whole, right before it takes the old one's place; what it throws leaves the old one.
 * **Durability:** as `replaceFile`.
 */
export function rewriteFile(path: string, text: string, check: () => void = () => {}): void {
  const like = lstatSync(path);
  writeBeside(path, { text, mode: like.mode & 0o777, like }, (temporary) => {
    check();
    renameSync(temporary, path);
  });
}

/**
 * Makes a file that must not be there yet; a system error EEXIST when it is.
 *
 * **Durability:** on disk when it returns; when it throws, or after a crash before that, there is no file or the whole one.
 */
export function createFile(path: string, text: string, mode: number): void {
  writeBeside(path, { text, mode }, (temporary) => {
    linkSync(temporary, path);
    rmSync(temporary);
  });
}

/** As `rewriteFile`, on a thread of libuv's: the disk may take long. One at a time for a path. */
export function rewriteFileLater(path: string, text: string, check: () => void = () => {}): Promise<void> {
  const like = lstatSync(path);
  return writeBesideLater(path, { text, mode: like.mode & 0o777, like }, async (temporary) => {
    check();
    await rename(temporary, path);
  });
}

/** As `createFile`, on a thread of libuv's. */
export function createFileLater(path: string, text: string, mode: number): Promise<void> {
  return writeBesideLater(path, { text, mode }, async (temporary) => {
    await link(temporary, path);
    await rm(temporary);
  });
}

type Content = { readonly text: string; readonly mode: number; readonly like?: Stats };

/** What a crash left at the temporary name is thrown away by the next write of the same file. */
function writeBeside(path: string, content: Content, putInPlace: (temporary: string) => void): void {
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  try {
    writeDurably(temporary, content);
    putInPlace(temporary);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
  syncDirectory(dirname(path));
}

/** As `writeBeside`. */
async function writeBesideLater(
  path: string,
  { text, mode, like }: Content,
  putInPlace: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(text);
      if (like !== undefined) keepOwner(file.fd, like);
      await file.sync();
    } finally {
      await file.close();
    }
    await putInPlace(temporary);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function writeDurably(path: string, { text, mode, like }: Content): void {
  const descriptor = openSync(path, 'wx', mode);
  try {
    // Writes on until all of it is written: one write may take only a part.
    writeFileSync(descriptor, text);
    if (like !== undefined) keepOwner(descriptor, like);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function keepOwner(descriptor: number, { uid, gid, mode }: Stats): void {
  const now = fstatSync(descriptor);
  if (now.uid !== uid || now.gid !== gid) fchownSync(descriptor, uid, gid);
  // Whatever the umask made of it.
  fchmodSync(descriptor, mode & 0o777);
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
