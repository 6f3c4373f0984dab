// Where programs and their work folders lie: in the home, or, where users of their own could not come to it there, in a folder
// of the system's that every user may pass through. Trusts the home's owner.

import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { digestHex, sha256 } from '#base/digest.ts';

const ALL_PASS = 0o001;
const NAME_LENGTH = 16;

/**
 * The folder for `openWorkPlace`: always the same one for a home, so that a start finds what a crash left. `hasUsers`: whether
 * programs get users of their own.
 */
export function chooseWorkPlace(home: string, { hasUsers }: { readonly hasUsers: boolean }): string {
  const path = resolve(home);
  if (!hasUsers || canAllPass(path)) return join(path, 'work');
  return join(tmpdir(), `smcp-work-${digestHex(sha256(path)).slice(0, NAME_LENGTH)}`);
}

/** Whether every user may come through the folder and all above it. Lists of access beside the mode are not looked at. */
function canAllPass(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & ALL_PASS) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
