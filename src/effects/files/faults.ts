// What host calls on files end with, in the same words for a workspace on disk and for that of a plugin's test. Quotes the path that
// was asked, as text that is safe to show, and no path of the machine.

import { SmcpError, systemErrorCode } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { denied, shownText } from '#domain/refusal.ts';
import type { WorkspacePath } from '#domain/workspace-path.ts';

const detailsOf = ({ text }: WorkspacePath, remedy: string): { readonly details: JsonObject } => ({
  details: { asked: shownText(text), remedy },
});

export const missing = (path: WorkspacePath): SmcpError =>
  new SmcpError('NOT_FOUND', 'there is nothing at this path', detailsOf(path, 'list the folder for what is there'));

export const exists = (path: WorkspacePath, what: 'file' | 'folder'): SmcpError =>
  new SmcpError(
    'FILE_EXISTS',
    `a ${what} is at this path already`,
    detailsOf(path, 'name another path, or remove it first'),
  );

export const noFile = (path: WorkspacePath): SmcpError =>
  new SmcpError('REQUEST_INVALID', 'a folder is at this path, and no file', detailsOf(path, 'name a file in it'));

export const noFolder = (path: WorkspacePath): SmcpError =>
  new SmcpError(
    'REQUEST_INVALID',
    'a file is at this path, and no folder',
    detailsOf(path, 'name the folder that it is in'),
  );

export const blocked = (path: WorkspacePath): SmcpError =>
  new SmcpError('REQUEST_INVALID', 'a file stands where a folder is needed', detailsOf(path, 'name another folder'));

export const notEmpty = (path: WorkspacePath): SmcpError =>
  new SmcpError('REQUEST_INVALID', 'the folder is not empty', detailsOf(path, 'remove what is in it first'));

export const isWorkspaceItself = (path: WorkspacePath): SmcpError =>
  new SmcpError(
    'REQUEST_INVALID',
    'the workspace itself is neither moved nor removed',
    detailsOf(path, 'name what is in it'),
  );

export const intoItself = (path: WorkspacePath): SmcpError =>
  new SmcpError('REQUEST_INVALID', 'nothing is moved to itself or into itself', detailsOf(path, 'name another place'));

export const tooDeep = (path: WorkspacePath): SmcpError =>
  new SmcpError(
    'REQUEST_INVALID',
    'what is in the folder would have paths that are too long there',
    detailsOf(path, 'name a place that is less deep'),
  );

/** A link, a device, a pipe, a file with a second name, another user's: what the server did not put there itself. */
export const foreign = (path: WorkspacePath): SmcpError =>
  denied({
    ...{ capability: 'files', asked: path.text, allowed: ['plain files and folders'] },
    message: 'what is at this path, or on the way to it, is no plain file or folder of the workspace',
    remedy:
      'links, files with a second name, devices, pipes and files of other users are not followed: put a copy there',
  });

/** A call that came too late or too early: nothing was done. */
export const cancelled = (): SmcpError => new SmcpError('CANCELLED', 'the call is being ended');

/** No blocks, the user's quota, a file as long as one may be. */
const NO_ROOM: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** What the system said, without its words. */
export function systemFault(thrown: unknown): unknown {
  const code = systemErrorCode(thrown);
  if (thrown instanceof SmcpError || code === undefined) return thrown;
  if (NO_ROOM.includes(code)) {
    return new SmcpError('QUOTA_EXCEEDED', 'the disk of the server has no room', {
      cause: thrown,
      details: { remedy: 'a person makes room on the disk that the workspaces are on' },
    });
  }
  return new SmcpError('CAPABILITY_UNAVAILABLE', `the workspace can't be used: ${code}`, {
    cause: thrown,
    details: { remedy: 'a person looks at the folder of the workspace: its owner, its modes, its disk' },
  });
}
