// Removes folders that plugins wrote: with names that are no text, modes that shut them, deeper than a path can name, full.
// Never follows a link. Only for what nobody writes to any more: every process that could has been reaped.

import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

const OWN_MODE = 0o700;

/** Removes the folder and all below it; nothing to do when it is not there. */
export async function removeTree(root: string): Promise<void> {
  try {
    await removeBelow(root);
    rmdirSync(root);
  } catch (thrown) {
    if (systemErrorCode(thrown) !== 'ENOENT') throw thrown;
  }
}

/** Removes all below the folder, a few hundred entries in each turn of the event loop. */
export async function removeBelow(folder: string): Promise<void> {
  const root = Buffer.from(folder);
  let removed = 0;
  const raise = createRaiser(root);
  /** Folders on the way down, the deepest last; each is removed when it is found empty. */
  const way: Buffer[] = [root];
  for (let current = way.at(-1); current !== undefined; current = way.at(-1)) {
    const { files, folders } = list(current);
    for (const file of files) {
      unlinkSync(file);
      removed += 1;
      if (removed % LIMITS.workRemovedPerTurn === 0) await nextTurn();
    }
    const near = folders.filter((path) => current === root || path.length <= LIMITS.workPathLengthMax);
    if (near.length < folders.length) folders.filter((path) => !near.includes(path)).forEach(raise);
    for (const path of near) way.push(path);
    if (near.length > 0) continue;
    removed += 1;
    if (removed % LIMITS.workRemovedPerTurn === 0) await nextTurn();
    if (current !== root) rmdirSync(current);
    // What was raised lies in the root, which was passed before.
    if (current !== root || list(root).folders.length === 0) way.pop();
  }
}

/** Moves a folder up into the root, under a name that is free. */
function createRaiser(root: Buffer): (path: Buffer) => void {
  let raised = 0;
  return (path) => {
    let target: Buffer;
    do {
      raised += 1;
      target = below(root, Buffer.from(`.raised-${raised}`));
    } while (isThere(target));
    // To move a folder its owner must be able to write to it: its parent is named in it.
    chmodSync(path, OWN_MODE);
    renameSync(path, target);
  };
}

function isThere(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

const SLASH = Buffer.from('/');
const below = (folder: Buffer, name: Buffer): Buffer => Buffer.concat([folder, SLASH, name]);

/** A folder that its owner shut is opened first; root needs no such thing, and it does no harm. */
function list(folder: Buffer): { readonly files: readonly Buffer[]; readonly folders: readonly Buffer[] } {
  const { mode } = lstatSync(folder);
  if ((mode & OWN_MODE) !== OWN_MODE) chmodSync(folder, OWN_MODE);
  const files: Buffer[] = [];
  const folders: Buffer[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
    (entry.isDirectory() ? folders : files).push(below(folder, entry.name));
  }
  return { files, folders };
}
