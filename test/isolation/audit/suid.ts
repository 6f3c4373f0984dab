// A program of root's that runs as its owner, for acts that try to gain by it. Made by root; a copy of another user's is worth
// nothing, which the control shows.

import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Removed when it is disposed of. */
export function makeSuid(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'smcp-suid-'));
  const path = join(folder, 'id');
  copyFileSync('/usr/bin/id', path);
  chmodSync(folder, 0o755);
  chmodSync(path, 0o4755);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
