// Reads a plugin's files into memory, each byte once: what is hashed, checked and copied afterwards are these bytes, so
// nobody can change a file in between. Called for plugins as they are found and for the read-only copies in the home.
// Trusts nothing about the directory: its owner may change it, swap folders and plant links while it is read.

import { constants } from 'node:fs';
import { type FileHandle, open, opendir, readlink } from 'node:fs/promises';
import { systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { resolveLinks } from './links.ts';
import type { PluginFile, PluginFiles } from './plugin-files.ts';
import { unsafe } from './unsafe-file.ts';

/** Version control and interpreter caches: not part of a plugin, and never copied. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '__pycache__']);

/** Control and format characters, line separators, backslash, and what bytes that are no UTF-8 decode to. */
const REFUSED_IN_NAME = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\\u{FFFD}]/u;

const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const FOLDER_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECTORY;
const WRITE_BITS = 0o222;
const EXECUTABLE_BIT = 0o100;

type Walk = {
  readonly isCopy: boolean;
  readonly files: Map<string, PluginFile>;
  readonly folders: Set<string>;
  /** Path of each link to the text it holds. */
  readonly links: Map<string, string>;
  entries: number;
  bytes: number;
};

/**
 * Every file below `root`, which itself must be a directory and no link. A link to a file inside the plugin is read as
 * a file with that file's bytes; any other link is refused.
 *
 * `isCopy`: the directory is a copy that we wrote, so a link, a writable file or something that is left out of plugins
 * means that it was changed.
 *
 * @throws `PLUGIN_UNSAFE_FILE` with `details.file` and `details.remedy`: links that leave the plugin, devices, sockets,
 *   pipes, bad names, too many or too large files, unreadable ones, files that change while they are read.
 */
export async function readPluginFiles(root: string, options: { readonly isCopy: boolean }): Promise<PluginFiles> {
  const walk: Walk = {
    isCopy: options.isCopy,
    files: new Map(),
    folders: new Set(),
    links: new Map(),
    entries: 0,
    bytes: 0,
  };
  await readFolder(walk, root, '');
  resolveLinks(walk);
  return sortedByPath(walk.files);
}

function sortedByPath(files: ReadonlyMap<string, PluginFile>): PluginFiles {
  const byBytes = [...files].map(([path, file]) => ({ path, key: Buffer.from(path), file }));
  byBytes.sort((a, b) => Buffer.compare(a.key, b.key));
  return new Map(byBytes.map(({ path, file }) => [path, file]));
}

async function readFolder(walk: Walk, location: string, path: string): Promise<void> {
  await using folder = await openInside(location, FOLDER_FLAGS, path);
  if (walk.isCopy && ((await folder.stat()).mode & WRITE_BITS) !== 0)
    throw unsafe(path, 'is a folder that is writable');
  const inside = (name: string) => `${locationOf(folder, location)}/${name}`;
  for await (const entry of await opendir(inside('.')).catch(refuse(path))) {
    if (!walk.isCopy && LEFT_OUT.has(entry.name)) continue;
    const entryPath = path === '' ? entry.name : `${path}/${entry.name}`;
    checkPath(walk, entryPath, entry.name);
    if (entry.isDirectory()) {
      walk.folders.add(entryPath);
      await readFolder(walk, inside(entry.name), entryPath);
    } else if (entry.isFile()) {
      walk.files.set(entryPath, await readFile(walk, inside(entry.name), entryPath));
    } else if (entry.isSymbolicLink() && !walk.isCopy) {
      walk.links.set(entryPath, await readlink(inside(entry.name)).catch(refuse(entryPath)));
    } else {
      throw unsafe(entryPath, 'is neither a file nor a folder', 'remove the device, pipe, socket or link');
    }
  }
}

/**
 * Where names of this folder are looked up. On Linux through the open descriptor, so that a folder swapped for a link
 * meanwhile leads nowhere; elsewhere by path.
 */
export function locationOf(folder: FileHandle, location: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${folder.fd}` : location;
}

function checkPath(walk: Walk, path: string, name: string): void {
  walk.entries += 1;
  if (walk.entries > LIMITS.pluginFilesMax) {
    throw unsafe(path, `is past the ${LIMITS.pluginFilesMax} files and folders a plugin may have`, 'remove files');
  }
  if (REFUSED_IN_NAME.test(name)) {
    throw unsafe(path, 'has a name with a control character, a backslash or bytes that are no UTF-8', 'rename it');
  }
  if (Buffer.byteLength(path) > LIMITS.pluginPathBytesMax) {
    throw unsafe(path, `has a path over ${LIMITS.pluginPathBytesMax} bytes`, 'shorten it');
  }
  if (path.split('/').length > LIMITS.pluginFoldersDeepMax + 1) {
    throw unsafe(path, `lies over ${LIMITS.pluginFoldersDeepMax} folders deep`, 'move it up');
  }
}

async function readFile(walk: Walk, location: string, path: string): Promise<PluginFile> {
  await using handle = await openInside(location, READ_FLAGS, path);
  const stat = await handle.stat();
  if (!stat.isFile()) throw unsafe(path, 'is no regular file any more');
  if (walk.isCopy && (stat.mode & WRITE_BITS) !== 0) throw unsafe(path, 'is writable');
  if (stat.size > LIMITS.pluginFileBytesMax) {
    throw unsafe(path, `is over ${LIMITS.pluginFileBytesMax} bytes`, 'keep large data out of the plugin');
  }
  walk.bytes += stat.size;
  if (walk.bytes > LIMITS.pluginBytesMax) {
    throw unsafe(path, `is past the ${LIMITS.pluginBytesMax} bytes a plugin may have`, 'keep large data out of it');
  }
  // One byte more than it had, to notice when it grows.
  const buffer = Buffer.allocUnsafe(stat.size + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length !== stat.size) throw unsafe(path, 'changed while it was read', 'load the plugin again');
  return { bytes: buffer.subarray(0, length), isExecutable: (stat.mode & EXECUTABLE_BIT) !== 0 };
}

const openInside = (location: string, flags: number, path: string): Promise<FileHandle> =>
  open(location, flags).catch(refuse(path));

/** What the system answers when a name vanished, became a link or may not be read. */
const refuse =
  (path: string) =>
  (thrown: unknown): never => {
    const code = systemErrorCode(thrown);
    if (code === undefined) throw thrown;
    throw unsafe(path, `can't be read (${code})`, 'let the server read it, and leave it alone while it is read');
  };
