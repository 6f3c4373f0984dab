// What changes a workspace: write, move, remove, make folders. Each is given the workspace's folder, held, and called in turn only.

import { mkdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { WorkspacePath } from '#domain/workspace-path.ts';
import { count } from './count.ts';
import { descend, type Spot } from './descend.ts';
import { blocked, exists, foreign, intoItself, isWorkspaceItself, missing, notEmpty, tooDeep } from './faults.ts';
import type { WriteMode } from './files-effect.ts';
import { type Held, kindOf } from './held.ts';
import { putAtEnd, putWhole, sync } from './put.ts';
import type { Quota } from './quota.ts';

/** A workspace that something is changed in. */
export type Changed = { readonly root: Held; readonly quota: Quota; readonly filesMax: number };

const FOLDER_MODE = 0o700;

export async function write(
  { root, quota }: Changed,
  path: WorkspacePath,
  { bytes, mode }: { readonly bytes: Uint8Array; readonly mode: WriteMode },
): Promise<{ readonly size: number }> {
  using spot = descend(root, path);
  const name = freeName(spot, path);
  const { file } = spot;
  if (file !== undefined && mode === 'create') throw exists(path, 'file');
  const added = mode === 'append' ? bytes.length : bytes.length - (file?.stats.size ?? 0);
  const change = { bytes: added, files: file === undefined ? spot.left.length : 0 };
  await quota.check(root, change);
  if (file !== undefined && mode === 'append') {
    const { size } = await putAtEnd(file, bytes);
    quota.add(change);
    return { size };
  }
  using folder = await makeFolders(spot, spot.left.slice(0, -1), { root, path });
  try {
    await putWhole(folder.held, name, { bytes, replaces: file !== undefined });
  } catch (thrown) {
    throw systemErrorCode(thrown) === 'EEXIST' ? exists(path, 'file') : thrown;
  }
  quota.add(change);
  return { size: bytes.length };
}

export async function makeFolder({ root, quota }: Changed, path: WorkspacePath): Promise<void> {
  using spot = descend(root, path);
  if (spot.left.length === 0) return;
  if (spot.file !== undefined) throw spot.left.length === 1 ? exists(path, 'file') : blocked(path);
  const change = { bytes: 0, files: spot.left.length };
  await quota.check(root, change);
  using _folder = await makeFolders(spot, spot.left, { root, path });
  quota.add(change);
}

export async function remove({ root, quota }: Changed, path: WorkspacePath): Promise<void> {
  const name = path.names.at(-1);
  if (name === undefined) throw isWorkspaceItself(path);
  using spot = descend(root, path);
  if (spot.left.length > 1 || (spot.left.length === 1 && spot.file === undefined)) throw missing(path);
  using parent = parentOf(root, path);
  if (spot.file !== undefined) {
    unlinkSync(parent.folder.at(name));
    quota.add({ bytes: -spot.file.stats.size, files: -1 });
  } else {
    removeFolder(parent.folder.at(name), path);
    quota.add({ bytes: 0, files: -1 });
  }
  await sync(parent.folder);
}

export async function move({ root, quota, filesMax }: Changed, from: WorkspacePath, to: WorkspacePath): Promise<void> {
  const name = from.names.at(-1);
  if (name === undefined) throw isWorkspaceItself(from);
  if (isSameOrBelow(to, from)) throw intoItself(to);
  using source = descend(root, from);
  if (source.left.length > 1 || (source.left.length === 1 && source.file === undefined)) throw missing(from);
  using target = descend(root, to);
  const newName = freeName(target, to);
  if (target.file !== undefined) throw exists(to, 'file');
  if (source.file === undefined) await checkDepth(source.folder, { root, filesMax, to });
  const change = { bytes: 0, files: target.left.length - 1 };
  await quota.check(root, change);
  using folder = await makeFolders(target, target.left.slice(0, -1), { root, path: to });
  using parent = parentOf(root, from);
  renameSync(parent.folder.at(name), folder.held.at(newName));
  quota.add(change);
  await sync(folder.held);
  await sync(parent.folder);
}

/** The last name of a path at which there is no folder. @throws `FILE_EXISTS` for a folder · `REQUEST_INVALID` for a file on the way */
function freeName({ left, file }: Spot, path: WorkspacePath): string {
  const name = left.at(-1);
  if (name === undefined) throw exists(path, 'folder');
  if (file !== undefined && left.length > 1) throw blocked(path);
  return name;
}

/** The folder that a path's last name is in. */
function parentOf(root: Held, path: WorkspacePath): Spot {
  const names = path.names.slice(0, -1);
  const spot = descend(root, { ...path, names });
  if (spot.left.length === 0) return spot;
  spot[Symbol.dispose]();
  throw missing(path);
}

/** The last of the folders, held. It may be that of the spot itself. **Durability:** they are on disk when it resolves. */
async function makeFolders(
  spot: Spot,
  names: readonly string[],
  { root, path }: { readonly root: Held; readonly path: WorkspacePath },
): Promise<Disposable & { readonly held: Held }> {
  const made: Held[] = [];
  const letGo = () => {
    for (const held of made) held[Symbol.dispose]();
  };
  try {
    let folder = spot.folder;
    for (const name of names) {
      mkdirSync(folder.at(name), { mode: FOLDER_MODE });
      const child = folder.child(name);
      if (child === undefined) throw missing(path);
      made.push(child);
      if (kindOf(child, root) !== 'folder') throw foreign(path);
      await sync(folder);
      folder = child;
    }
    return { held: folder, [Symbol.dispose]: letGo };
  } catch (thrown) {
    letGo();
    throw systemErrorCode(thrown) === 'EEXIST' ? blocked(path) : thrown;
  }
}

function removeFolder(place: string, path: WorkspacePath): void {
  try {
    rmdirSync(place);
  } catch (thrown) {
    throw systemErrorCode(thrown) === 'ENOTEMPTY' ? notEmpty(path) : thrown;
  }
}

/** Whatever is in the folder must have a path there that can be named. */
async function checkDepth(
  folder: Held,
  { root, filesMax, to }: { readonly root: Held; readonly filesMax: number; readonly to: WorkspacePath },
): Promise<void> {
  const { depth, pathBytes } = await count(folder, root, filesMax);
  const isTooDeep =
    to.names.length + depth > LIMITS.filePathDepthMax ||
    Buffer.byteLength(to.text) + pathBytes > LIMITS.filePathBytesMax;
  if (isTooDeep) throw tooDeep(to);
}

function isSameOrBelow(path: WorkspacePath, folder: WorkspacePath): boolean {
  return folder.names.every((name, at) => path.names[at] === name);
}
