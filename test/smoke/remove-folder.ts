// Removes a folder with homes in it: their copies of plugins are read-only, which stops anyone but root.

import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export function removeFolder(path: string): void {
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o700);
  }
  rmSync(path, { recursive: true, force: true });
}
