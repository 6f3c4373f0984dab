// What reads a workspace and changes nothing: read, list, stat. Each is given the workspace's folder, held.

import { constants, lstatSync } from 'node:fs';
import { open, opendir } from 'node:fs/promises';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { isWorkspaceFileName, type WorkspacePath } from '#domain/workspace-path.ts';
import { descend, type Spot } from './descend.ts';
import { missing, noFile, noFolder } from './faults.ts';
import { compareNames, type FileEntry, type WorkspaceFiles } from './files-effect.ts';
import { createFirstNames } from './first-names.ts';
import { type Held, kindOfStats } from './held.ts';

export async function read(
  root: Held,
  path: WorkspacePath,
  { offset, lengthMax }: { readonly offset: number; readonly lengthMax: number },
): ReturnType<WorkspaceFiles['read']> {
  using spot = descend(root, path);
  const file = fileOf(spot, path);
  // The very file that was looked at: the name has no part in it. It is a plain one, so nothing waits.
  await using opened = await open(file.self, constants.O_RDONLY | constants.O_NONBLOCK);
  const { size } = await opened.stat();
  const bytes = Buffer.alloc(Math.max(0, Math.min(lengthMax, size - offset)));
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await opened.read(bytes, length, bytes.length - length, offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return { bytes: bytes.subarray(0, length), size };
}

export function stat(root: Held, path: WorkspacePath): Omit<FileEntry, 'name'> {
  using spot = descend(root, path);
  if (spot.left.length === 0) return { kind: 'folder' };
  return { kind: 'file', bytes: fileOf(spot, path).stats.size };
}

/** What is neither a plain file nor a folder of the workspace's, or has a name that no path may have, is left out. */
export async function list(
  root: Held,
  path: WorkspacePath,
  { after, countMax }: { readonly after: string; readonly countMax: number },
): Promise<readonly FileEntry[]> {
  using spot = descend(root, path);
  if (spot.left.length > 0) throw spot.file !== undefined && spot.left.length === 1 ? noFolder(path) : missing(path);
  const entries: FileEntry[] = [];
  // Once, unless what is no file of the workspace took places among the names.
  for (let from = after; entries.length < countMax; ) {
    const names = await namesIn(spot.folder, from, countMax);
    for (const name of names) {
      const entry = entries.length < countMax ? entryOf(spot.folder, name, root) : undefined;
      if (entry !== undefined) entries.push(entry);
    }
    if (names.length < countMax) break;
    from = names.at(-1) ?? from;
  }
  return entries;
}

/** The first of those that come after `after`, in order. */
async function namesIn(folder: Held, after: string, countMax: number): Promise<readonly string[]> {
  const first = createFirstNames(countMax);
  let left = LIMITS.folderNamesReadMax;
  for await (const { name } of await opendir(folder.self)) {
    left -= 1;
    if (left < 0) {
      const message = `the folder has over ${LIMITS.folderNamesReadMax} files, which is too many to list`;
      throw new SmcpError('CAPABILITY_UNAVAILABLE', message, { details: { remedy: 'a person removes some' } });
    }
    if (first.wants(name) && compareNames(name, after) > 0 && isWorkspaceFileName(name)) first.add(name);
  }
  return first.sorted();
}

function entryOf(folder: Held, name: string, root: Held): FileEntry | undefined {
  try {
    const stats = lstatSync(folder.at(name));
    const kind = kindOfStats(stats, root.stats);
    if (kind === 'foreign') return undefined;
    return kind === 'folder' ? { name, kind } : { name, kind, bytes: stats.size };
  } catch (thrown) {
    // It was removed since, or its name is no UTF-8 and was read as another one.
    if (systemErrorCode(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** @throws `NOT_FOUND` · `REQUEST_INVALID` for a folder */
function fileOf({ left, file }: Spot, path: WorkspacePath): Held {
  if (left.length === 0) throw noFile(path);
  if (file === undefined || left.length > 1) throw missing(path);
  return file;
}
