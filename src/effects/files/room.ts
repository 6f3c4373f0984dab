// How much a workspace may hold, and whether a change still fits. Pure; for a workspace on disk and for that of a plugin's test.

import { SmcpError } from '#base/errors.ts';

/** `files`: files and folders, the workspace itself left out. */
export type Room = { readonly bytes: number; readonly files: number };

export const plus = (one: Room, other: Room): Room => ({
  bytes: one.bytes + other.bytes,
  files: one.files + other.files,
});

/** Whether `change` takes more of nothing than is left. What takes no more than before always fits. */
export function fits(held: Room, change: Room, most: Room): boolean {
  const after = plus(held, change);
  return (change.bytes <= 0 || after.bytes <= most.bytes) && (change.files <= 0 || after.files <= most.files);
}

/** `held`: as it is counted; a number that is not finite was too much to count. */
export function full(held: Room, most: Room): SmcpError {
  const known = (count: number) => (Number.isFinite(count) ? count : null);
  return new SmcpError('QUOTA_EXCEEDED', 'the workspace is full: no file was changed', {
    details: {
      ...{ bytes: known(held.bytes), bytesMax: most.bytes, files: known(held.files), filesMax: most.files },
      remedy: 'remove files that are not needed, or raise `workspaces` in config.yaml',
    },
  });
}
