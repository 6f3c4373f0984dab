// Counts what a workspace or a folder of it holds, and removes what a crash left of files that were not whole yet.

import { type Dir, unlinkSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { LIMITS } from '#base/limits.ts';
import { PARTIAL_PREFIX } from '#domain/workspace-path.ts';
import { type Held, kindOf } from './held.ts';
import type { Room } from './room.ts';

/** `depth`: names below it on the longest way; `pathBytes`: of the longest path below it. */
export type Counted = Room & { readonly depth: number; readonly pathBytes: number };

const NOTHING: Counted = { bytes: 0, files: 0, depth: 0, pathBytes: 0 };
/** More than is counted: nothing more fits. */
const TOO_MUCH: Counted = {
  ...{ bytes: Number.POSITIVE_INFINITY, files: Number.POSITIVE_INFINITY },
  ...{ depth: Number.POSITIVE_INFINITY, pathBytes: Number.POSITIVE_INFINITY },
};

/**
 * What `folder` holds; every number is infinite where there are more than `filesMax` files and folders, or they lie deeper than any path
 * leads. Follows no link; a thing that is foreign counts as a file without bytes. Holds one descriptor for each level.
 */
export async function count(folder: Held, root: Held, filesMax: number): Promise<Counted> {
  const walk: Walk = { root, left: filesMax, hasRemoved: false };
  const counted = await countBelow(walk, folder, LIMITS.filePathDepthMax);
  // What was removed may have been a second name of a file that was counted before it.
  return walk.hasRemoved
    ? countBelow({ root, left: filesMax, hasRemoved: false }, folder, LIMITS.filePathDepthMax)
    : counted;
}

type Walk = { readonly root: Held; left: number; hasRemoved: boolean };

async function countBelow(walk: Walk, folder: Held, depthLeft: number): Promise<Counted> {
  let sum = NOTHING;
  const names: Dir = await opendir(folder.self);
  for await (const { name } of names) {
    using child = folder.child(name);
    if (child === undefined) continue;
    const kind = kindOf(child, walk.root);
    if (name.startsWith(PARTIAL_PREFIX) && kind !== 'folder') {
      unlinkSync(folder.at(name));
      walk.hasRemoved = true;
      continue;
    }
    walk.left -= 1;
    if (walk.left < 0 || depthLeft === 0) return TOO_MUCH;
    const below = kind === 'folder' ? await countBelow(walk, child, depthLeft - 1) : NOTHING;
    sum = {
      bytes: sum.bytes + below.bytes + (kind === 'file' ? child.stats.size : 0),
      files: sum.files + below.files + 1,
      depth: Math.max(sum.depth, below.depth + 1),
      pathBytes: Math.max(sum.pathBytes, below.pathBytes + 1 + Buffer.byteLength(name)),
    };
    if (!Number.isFinite(sum.files)) return sum;
  }
  return sum;
}
