// Which copies of code in a home may go: those of no plugin that is there, unless a recorded call ran them. Those are kept for replays, as far
// as the bounds allow. Called by plugin-copies.ts.

import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';

/** When a recorded call ran this code, in epoch ms: the last time that is known. Undefined: none did. */
export type LastRunMs = (digest: Digest) => number | undefined;

export type KeptBounds = { readonly countMax: number; readonly bytesMax: number };

export const KEPT_BOUNDS: KeptBounds = {
  countMax: LIMITS.keptCodeCountMax,
  bytesMax: LIMITS.keptCodeBytesMax,
};

export type Removable = {
  /** Nothing in the log can be run again with them. */
  readonly unused: readonly string[];
  /** Recorded calls ran them, and there is no more room: the one that ran longest ago first. */
  readonly pushedOut: readonly string[];
};

/**
 * @param names of copies that no plugin has any more: digests in hex
 * @param lastRunMs asked of each
 */
export async function removableCopies(
  root: string,
  names: readonly string[],
  { lastRunMs, bounds }: { readonly lastRunMs: LastRunMs; readonly bounds: KeptBounds },
): Promise<Removable> {
  const unused: string[] = [];
  const ran: { readonly name: string; readonly ms: number }[] = [];
  for (const name of names) {
    const ms = lastRunMs(`sha256:${name}`);
    if (ms === undefined) unused.push(name);
    else ran.push({ name, ms });
  }
  ran.sort((one, other) => other.ms - one.ms || (one.name < other.name ? -1 : 1));
  const pushedOut: string[] = [];
  let count = 0;
  let bytes = 0;
  for (const { name } of ran) {
    const size = await bytesOf(join(root, name));
    if (count < bounds.countMax && bytes + size <= bounds.bytesMax) {
      count += 1;
      bytes += size;
    } else pushedOut.unshift(name);
  }
  return { unused, pushedOut };
}

/** Of a copy: what its files take. One that is not as we wrote it counts as the largest that there can be. */
async function bytesOf(directory: string): Promise<number> {
  let left: number = LIMITS.pluginFilesMax * 2;
  const walk = async (path: string): Promise<number> => {
    let bytes = 0;
    for (const entry of await readdir(path, { withFileTypes: true })) {
      left -= 1;
      if (left < 0) return LIMITS.pluginBytesMax;
      bytes += await bytesOfEntry(entry, walk);
    }
    return bytes;
  };
  try {
    return Math.min(await walk(directory), LIMITS.pluginBytesMax);
  } catch {
    return LIMITS.pluginBytesMax;
  }
}

async function bytesOfEntry(entry: Dirent, walk: (path: string) => Promise<number>): Promise<number> {
  const path = join(entry.parentPath, entry.name);
  return entry.isDirectory() ? walk(path) : (await lstat(path)).size;
}
