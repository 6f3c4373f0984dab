// Opens the effect `files` on the folder of all workspaces. Called by src/app.

import { mkdirSync } from 'node:fs';
import type { Clock } from '#base/clock.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';
import { type Changed, makeFolder, move, remove, write } from './change.ts';
import { systemFault } from './faults.ts';
import type { FilesEffect, WorkspaceFiles } from './files-effect.ts';
import { checkProc, Held, isOwned } from './held.ts';
import { list, read, stat } from './look.ts';
import { sync } from './put.ts';
import { createQuota } from './quota.ts';
import type { Room } from './room.ts';
import { createTurns } from './turns.ts';

export type FilesOptions = {
  /** The folder of all workspaces, without links in its path; nobody but the server's user may enter it. */
  readonly directory: string;
  /** What each workspace may hold. */
  readonly most: Room;
};

/**
 * A workspace's folder (0700) is made when it is first used. Whoever else serves the same folder at the same time is not counted.
 *
 * @throws `CAPABILITY_UNAVAILABLE` where no path can be opened without following links
 */
export function openFiles(
  ports: { readonly clock: Clock },
  { directory, most }: FilesOptions,
): FilesEffect & Disposable {
  checkProc();
  const all = Held.root(directory);
  /** One for each workspace of the policies since the start. */
  const opened = new Map<WorkspaceName, WorkspaceFiles>();
  return {
    of: (workspace) => {
      const files = opened.get(workspace) ?? createWorkspaceFiles(ports, { all, workspace, most });
      opened.set(workspace, files);
      return files;
    },
    [Symbol.dispose]: () => all[Symbol.dispose](),
  };
}

type Workspace = { readonly all: Held; readonly workspace: WorkspaceName; readonly most: Room };

function createWorkspaceFiles(ports: { readonly clock: Clock }, workspace: Workspace): WorkspaceFiles {
  const { most } = workspace;
  const inTurn = createTurns();
  const quota = createQuota(ports, most);
  const look = <T>(run: (root: Held) => Promise<T> | T, signal: AbortSignal): Promise<T> =>
    inTurn(async () => {
      try {
        using root = await rootOf(workspace);
        return await run(root);
      } catch (thrown) {
        throw systemFault(thrown);
      }
    }, signal);
  const change = <T>(run: (changed: Changed) => Promise<T>, signal: AbortSignal): Promise<T> =>
    look(async (root) => {
      try {
        return await run({ root, quota, filesMax: most.files });
      } catch (thrown) {
        // It may have come half way: what it refuses costs another count only where it might have.
        if (!(thrown instanceof SmcpError)) quota.forget();
        throw thrown;
      }
    }, signal);
  return {
    read: (path, range, signal) => look((root) => read(root, path, range), signal),
    list: (path, range, signal) => look((root) => list(root, path, range), signal),
    stat: (path, signal) => look((root) => stat(root, path), signal),
    write: (path, content, signal) => change((changed) => write(changed, path, content), signal),
    move: (from, to, signal) => change((changed) => move(changed, from, to), signal),
    remove: (path, signal) => change((changed) => remove(changed, path), signal),
    makeFolder: (path, signal) => change((changed) => makeFolder(changed, path), signal),
  };
}

/** The workspace's folder, held. @throws `CAPABILITY_UNAVAILABLE` where it is a link, no folder, or another user's */
async function rootOf({ all, workspace }: Workspace): Promise<Held> {
  const root = all.child(workspace) ?? (await made(all, workspace));
  if (root?.stats.isDirectory() && isOwned(root.stats)) return root;
  root?.[Symbol.dispose]();
  throw new SmcpError('CAPABILITY_UNAVAILABLE', "the agent's workspace is no folder of the server's own", {
    details: { remedy: `a person puts a folder of the server's user in place of workspaces/${workspace}` },
  });
}

async function made(all: Held, workspace: WorkspaceName): Promise<Held | undefined> {
  try {
    mkdirSync(all.at(workspace), { mode: 0o700 });
  } catch (thrown) {
    if (systemErrorCode(thrown) !== 'EEXIST') throw thrown;
  }
  await sync(all);
  return all.child(workspace);
}
