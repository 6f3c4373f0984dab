// The workspaces of a made-up world: files in memory behind the broker's own host calls, in place of the server's effect. It says what
// that one says, in the same words; a test runs the same calls against both.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { readWorkspacePath, WORKSPACE, type WorkspaceName, type WorkspacePath } from '#domain/workspace-path.ts';
import { cancelled, exists, missing, noFile, noFolder } from '#effects/files/faults.ts';
import { compareNames, type FileEntry, type FilesEffect, type WorkspaceFiles } from '#effects/files/files-effect.ts';
import type { World } from './world.ts';
import { createTree, type Tree } from './world-tree.ts';

/** A file's bytes, as text where they are text. */
export type WorldContent = string | { readonly base64: string };

export type WorldFiles = {
  readonly effect: FilesEffect;
  /** Every file of one agent's workspace, by path; `tester`'s if absent. */
  readonly read: (agent?: string) => { readonly [path: string]: WorldContent };
};

/** Every agent finds the world's files in a workspace of its own. @throws `USAGE` for a path that is none */
export function createWorldFiles({ files: given = {} }: World): WorldFiles {
  const trees = new Map<string, Tree>();
  const treeOf = (workspace: string): Tree => {
    const tree =
      trees.get(workspace) ?? createTree(Object.entries(given).map(([path, bytes]) => [pathOf(path), bytesOf(bytes)]));
    trees.set(workspace, tree);
    return tree;
  };
  // Wrong paths are told when the world is made.
  treeOf('tester');
  return {
    effect: { of: (workspace: WorkspaceName) => filesOf(treeOf(workspace)) },
    read: (agent = 'tester') =>
      Object.fromEntries([...treeOf(agent).files].map(([path, bytes]) => [path, contentOf(bytes)])),
  };
}

function filesOf(tree: Tree): WorkspaceFiles {
  const inTime = async <T>(signal: AbortSignal, run: () => T): Promise<T> => {
    if (signal.aborted) throw cancelled();
    return run();
  };
  return {
    read: (path, { offset, lengthMax }, signal) =>
      inTime(signal, () => {
        const whole = fileAt(tree, path);
        return { bytes: whole.subarray(offset, offset + lengthMax), size: whole.length };
      }),
    stat: (path, signal) => inTime(signal, () => stat(tree, path)),
    list: (path, range, signal) => inTime(signal, () => list(tree, path, range)),
    write: (path, { bytes, mode }, signal) =>
      inTime(signal, () => {
        if (tree.folders.has(path.text)) throw exists(path, 'folder');
        tree.checkWay(path);
        const before = tree.files.get(path.text);
        if (mode === 'create' && before !== undefined) throw exists(path, 'file');
        const after = mode === 'append' && before !== undefined ? Buffer.concat([before, bytes]) : Buffer.from(bytes);
        tree.put(path, after);
        return { size: after.length };
      }),
    move: (from, to, signal) => inTime(signal, () => tree.move(from, to)),
    remove: (path, signal) => inTime(signal, () => tree.remove(path)),
    makeFolder: (path, signal) => inTime(signal, () => tree.makeFolder(path)),
  };
}

function fileAt({ files, folders }: Tree, path: WorkspacePath): Buffer {
  if (folders.has(path.text)) throw noFile(path);
  const bytes = files.get(path.text);
  if (bytes === undefined) throw missing(path);
  return bytes;
}

function stat(tree: Tree, path: WorkspacePath): Omit<FileEntry, 'name'> {
  if (tree.folders.has(path.text)) return { kind: 'folder' };
  return { kind: 'file', bytes: fileAt(tree, path).length };
}

function list(
  { files, folders }: Tree,
  path: WorkspacePath,
  { after, countMax }: { readonly after: string; readonly countMax: number },
): readonly FileEntry[] {
  if (files.has(path.text)) throw noFolder(path);
  if (!folders.has(path.text)) throw missing(path);
  const nameBelow = (one: string): readonly string[] => {
    const name = one.startsWith(`${path.text}/`) ? one.slice(path.text.length + 1) : '';
    return name === '' || name.includes('/') ? [] : [name];
  };
  const entries: readonly FileEntry[] = [
    ...[...folders].flatMap(nameBelow).map((name) => ({ name, kind: 'folder' as const })),
    ...[...files].flatMap(([one, bytes]) =>
      nameBelow(one).map((name) => ({ name, kind: 'file' as const, bytes: bytes.length })),
    ),
  ];
  return entries
    .filter(({ name }) => compareNames(name, after) > 0)
    .toSorted((one, other) => compareNames(one.name, other.name))
    .slice(0, countMax);
}

function pathOf(text: string): WorkspacePath {
  const reading = readWorkspacePath(text);
  if (reading.kind === 'path' && reading.path.names.length > 0) return reading.path;
  throw new SmcpError('USAGE', `the world has a file at ${JSON.stringify(text)}, which is no path of one`, {
    details: { remedy: `name it as ${WORKSPACE}/folder/file, of ${LIMITS.filePathBytesMax} bytes at most` },
  });
}

const bytesOf = (content: WorldContent): Buffer =>
  typeof content === 'string' ? Buffer.from(content) : Buffer.from(content.base64, 'base64');

function contentOf(bytes: Buffer): WorldContent {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') };
}
