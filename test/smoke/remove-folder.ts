// Removes a folder with homes in it: their copies of plugins are read-only, which stops anyone but root.

import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export function removeFolder(path: string): void {
  openFolder(path);
  rmSync(path, { recursive: true, force: true });
}

/** One at a time: reading a folder recursively would follow links to elsewhere. */
function openFolder(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolder(join(path, entry.name));
  }
}
