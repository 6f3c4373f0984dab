// How much a plugin has written, while it writes: counted as far as a bound, never further. Read-only, so that whatever a
// plugin swaps in the middle of it can at worst be counted wrongly, at its own cost.

import type { Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '#base/errors.ts';

export type TreeSize = {
  /** On disk: what a file has holes for is not counted. */
  readonly bytes: number;
  readonly entries: number;
  /** Something in it can't be looked at: shut, or deeper than a path can name. */
  readonly isHidden: boolean;
};

const BLOCK_BYTES = 512;

/** Stops counting past `entriesMax` or `bytesMax`. */
export async function measureTree(
  root: string,
  { bytesMax, entriesMax }: { readonly bytesMax: number; readonly entriesMax: number },
): Promise<TreeSize> {
  let bytes = 0;
  let entries = 0;
  let isHidden = false;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      for await (const entry of await opendir(folder)) {
        entries += 1;
        if (entries > entriesMax || bytes > bytesMax) return { bytes, entries, isHidden };
        if (entry.isDirectory()) folders.push(join(folder, entry.name));
        bytes += await bytesOf(folder, entry);
      }
    } catch (thrown) {
      // Removed meanwhile is not hidden.
      if (systemErrorCode(thrown) !== 'ENOENT') isHidden = true;
    }
  }
  return { bytes, entries, isHidden };
}

async function bytesOf(folder: string, entry: Dirent): Promise<number> {
  try {
    return (await lstat(join(folder, entry.name))).blocks * BLOCK_BYTES;
  } catch {
    return 0;
  }
}
