// The files and folders of a workspace of a made-up world, in memory. Called by world-files.ts only.

import { LIMITS } from '#base/limits.ts';
import { isAtOrBelow } from '#domain/narrow.ts';
import { WORKSPACE, type WorkspacePath } from '#domain/workspace-path.ts';
import { blocked, exists, intoItself, isWorkspaceItself, missing, notEmpty, tooDeep } from '#effects/files/faults.ts';
import { fits, full, type Room } from '#effects/files/room.ts';

/** What a server gives a workspace unless its configuration says otherwise. */
const MOST: Room = { bytes: LIMITS.workspaceBytesDefault, files: LIMITS.workspaceFilesDefault };

export type Tree = {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly folders: ReadonlySet<string>;
  /** That no file stands where a folder above the path is needed. */
  readonly checkWay: (path: WorkspacePath) => void;
  readonly put: (path: WorkspacePath, bytes: Buffer) => void;
  readonly makeFolder: (path: WorkspacePath) => void;
  readonly move: (from: WorkspacePath, to: WorkspacePath) => void;
  readonly remove: (path: WorkspacePath) => void;
};

export function createTree(given: readonly (readonly [WorkspacePath, Buffer])[]): Tree {
  const files = new Map<string, Buffer>();
  const folders = new Set([WORKSPACE]);

  const foldersAbove = ({ names }: WorkspacePath): readonly string[] =>
    names.map((_, depth) => [WORKSPACE, ...names.slice(0, depth)].join('/'));
  const checkWay = (path: WorkspacePath) => {
    if (foldersAbove(path).some((folder) => files.has(folder))) throw blocked(path);
  };
  const held = (): Room => ({
    bytes: [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0),
    files: files.size + folders.size - 1,
  });
  const checkRoom = (change: Room) => {
    const now = held();
    if (!fits(now, change, MOST)) throw full(now, MOST);
  };
  const missingOf = (all: readonly string[]) => all.filter((folder) => !folders.has(folder));
  const add = (all: readonly string[]) => {
    for (const folder of all) folders.add(folder);
  };

  const put = (path: WorkspacePath, bytes: Buffer) => {
    checkWay(path);
    if (folders.has(path.text)) throw exists(path, 'folder');
    const before = files.get(path.text);
    const above = missingOf(foldersAbove(path));
    const added = before === undefined ? above.length + 1 : 0;
    checkRoom({ bytes: bytes.length - (before?.length ?? 0), files: added });
    add(above);
    files.set(path.text, bytes);
  };

  const makeFolder = (path: WorkspacePath) => {
    if (files.has(path.text)) throw exists(path, 'file');
    checkWay(path);
    const all = missingOf([...foldersAbove(path), path.text]);
    checkRoom({ bytes: 0, files: all.length });
    add(all);
  };

  const remove = (path: WorkspacePath) => {
    if (path.names.length === 0) throw isWorkspaceItself(path);
    if (files.delete(path.text)) return;
    if (!folders.has(path.text)) throw missing(path);
    const isFull = [...files.keys(), ...folders].some((one) => one !== path.text && isAtOrBelow(one, path.text));
    if (isFull) throw notEmpty(path);
    folders.delete(path.text);
  };

  const move = (from: WorkspacePath, to: WorkspacePath) => {
    if (from.names.length === 0) throw isWorkspaceItself(from);
    if (isAtOrBelow(to.text, from.text)) throw intoItself(to);
    const movedFiles = [...files].filter(([one]) => isAtOrBelow(one, from.text));
    const movedFolders = [...folders].filter((one) => isAtOrBelow(one, from.text));
    if (movedFiles.length + movedFolders.length === 0) throw missing(from);
    if (folders.has(to.text)) throw exists(to, 'folder');
    checkWay(to);
    if (files.has(to.text)) throw exists(to, 'file');
    const moved = (one: string) => `${to.text}${one.slice(from.text.length)}`;
    const isTooDeep = [...movedFolders, ...movedFiles.map(([one]) => one)].map(moved).some(isTooLong);
    if (isTooDeep) throw tooDeep(to);
    const above = missingOf(foldersAbove(to));
    checkRoom({ bytes: 0, files: above.length });
    add(above);
    for (const folder of movedFolders) folders.delete(folder);
    for (const [path] of movedFiles) files.delete(path);
    add(movedFolders.map(moved));
    for (const [path, bytes] of movedFiles) files.set(moved(path), bytes);
  };

  for (const [path, bytes] of given) put(path, bytes);
  return { files, folders, checkWay, put, makeFolder, move, remove };
}

const isTooLong = (path: string): boolean =>
  path.split('/').length - 1 > LIMITS.filePathDepthMax || Buffer.byteLength(path) > LIMITS.filePathBytesMax;
