// Tells when something in a folder, or below it, may have changed: once for what changes together. For authors who edit code; says
// nothing of what changed: whoever is told looks again.

import { watch } from 'node:fs';

export type FolderWatch = { readonly close: () => void };

/**
 * Calls `changed` after each change, `settleMs` after the last one of a burst and at the latest after ten times as long. `changed`
 * does not throw. Holds no process open.
 *
 * @throws the system's error where the folder can't be watched: it is missing, or there are no more watches to be had.
 */
export function watchFolder(
  path: string,
  changed: () => void,
  { settleMs }: { readonly settleMs: number },
): FolderWatch {
  let settling: { readonly sinceMs: number; readonly timer: NodeJS.Timeout } | undefined;
  const tell = () => {
    settling = undefined;
    changed();
  };
  const touched = () => {
    clearTimeout(settling?.timer);
    const sinceMs = settling?.sinceMs ?? performance.now();
    const leftMs = Math.max(sinceMs + settleMs * 10 - performance.now(), 0);
    settling = { sinceMs, timer: setTimeout(tell, Math.min(settleMs, leftMs)).unref() };
  };
  const watcher = watch(path, { persistent: false, recursive: true }, touched);
  // A folder that is gone tells nothing more; its last change was told.
  watcher.on('error', touched);
  return {
    close: () => {
      watcher.close();
      clearTimeout(settling?.timer);
      settling = undefined;
    },
  };
}
