// The effect of the capability `files`: what the broker asks of a workspace once it has decided. Opened by open-files.ts; the world
// of a plugin's test has another one.

import type { WorkspaceName, WorkspacePath } from '#domain/workspace-path.ts';

export type FileKind = 'file' | 'folder';
/** `bytes`: of files only. */
export type FileEntry = { readonly name: string; readonly kind: FileKind; readonly bytes?: number };
/** `replace`: whatever was there · `create`: only where nothing is · `append`: at its end, or as a new file. */
export type WriteMode = 'replace' | 'create' | 'append';

/**
 * The files of one workspace. Calls are served one after the other. Each may end with `NOT_FOUND`, `FILE_EXISTS`,
 * `REQUEST_INVALID` (a folder where a file is meant, or the other way), `CAPABILITY_DENIED` for what is neither a plain file nor a
 * folder of the workspace's own, `QUEUE_FULL`, `CAPABILITY_UNAVAILABLE`, and `CANCELLED` where `signal` is aborted before its turn.
 *
 * **Durability:** what was changed is on disk when it resolves. When it rejects, no file was changed; folders may have been made.
 */
export type WorkspaceFiles = {
  /** At most `lengthMax` bytes from `offset` on; `size` of the whole file. */
  readonly read: (
    path: WorkspacePath,
    range: { readonly offset: number; readonly lengthMax: number },
    signal: AbortSignal,
  ) => Promise<{ readonly bytes: Uint8Array; readonly size: number }>;
  /**
   * Makes folders above it that are missing. Whole or not at all, but for `append`, of which a crash of the machine may leave a part.
   *
   * @throws `QUOTA_EXCEEDED`
   */
  readonly write: (
    path: WorkspacePath,
    content: { readonly bytes: Uint8Array; readonly mode: WriteMode },
    signal: AbortSignal,
  ) => Promise<{ readonly size: number }>;
  /** At most `countMax` of what comes after the name `after`, in the order of the names' UTF-8 bytes. */
  readonly list: (
    path: WorkspacePath,
    range: { readonly after: string; readonly countMax: number },
    signal: AbortSignal,
  ) => Promise<readonly FileEntry[]>;
  readonly stat: (
    path: WorkspacePath,
    signal: AbortSignal,
  ) => Promise<{ readonly kind: FileKind; readonly bytes?: number }>;
  /** To where nothing is; makes folders above it that are missing. @throws `QUOTA_EXCEEDED` */
  readonly move: (from: WorkspacePath, to: WorkspacePath, signal: AbortSignal) => Promise<void>;
  /** A file, or a folder that is empty. */
  readonly remove: (path: WorkspacePath, signal: AbortSignal) => Promise<void>;
  /** With those above it; nothing where it is there. @throws `QUOTA_EXCEEDED` */
  readonly makeFolder: (path: WorkspacePath, signal: AbortSignal) => Promise<void>;
};

export type FilesEffect = {
  /** **Trust:** the name is the policy's. */
  readonly of: (workspace: WorkspaceName) => WorkspaceFiles;
};

/** The order of names: that of their UTF-8 bytes. */
export function compareNames(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const [mine, theirs] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (mine !== theirs) return rank(mine) - rank(theirs);
  }
  return one.length - other.length;
}

/** In UTF-8 what UTF-16 writes with surrogates (U+D800 to U+DFFF) comes after all the rest. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
