// What programs of a kind need of the system: folders of programs and libraries, a few single files. Never all of /etc, and
// nothing of /home, /root, /var, /run, /tmp or /proc. Symbolic links are followed here, since the launcher follows none.

import { realpathSync } from 'node:fs';
import type { LaunchPath } from './launch-profile.ts';

export type ProgramKind = 'native' | 'node' | 'python';

const FOLDERS = ['/usr', '/lib', '/lib32', '/lib64', '/bin', '/sbin'];
/** What the loader and the C library read, and what every program may have. */
const FILES = ['/etc/ld.so.cache', '/etc/localtime', '/dev/urandom', '/dev/random', '/dev/zero'];
const DEVICES_TO_WRITE = ['/dev/null'];
const FILES_OF: { readonly [kind in ProgramKind]: readonly string[] } = {
  native: [],
  // OpenSSL ends Node when it may not read its configuration.
  node: ['/etc/ssl/openssl.cnf'],
  python: [],
};

/** The paths that are here. `native`: any program, a shell or git too. */
export function systemReadPaths(kind: ProgramKind): readonly LaunchPath[] {
  const readable = existing([...FOLDERS, ...FILES, ...FILES_OF[kind]]);
  return [
    ...withoutCovered(readable).map((path): LaunchPath => ({ path, access: 'read' })),
    ...existing(DEVICES_TO_WRITE).map((path): LaunchPath => ({ path, access: 'write' })),
  ];
}

/** Real paths of those that exist, each once. */
function existing(paths: readonly string[]): readonly string[] {
  const found = paths.flatMap((path) => {
    try {
      return [realpathSync(path)];
    } catch {
      return [];
    }
  });
  return [...new Set(found)];
}

/** A folder stands for what is below it. */
function withoutCovered(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
}
