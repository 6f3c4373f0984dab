// The files that a warden's process may read, and no others: Node, the libraries that the loader finds for it, and the product's
// own files that run there. Of no plugin: those are handed over. Trusts what lies in the product's folder.

import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type WardenFiles = {
  /** The Node that runs wardens: the host's own. */
  readonly node: string;
  /** What it runs. */
  readonly main: string;
  /** Read in place of the machine's, which might load libraries; and without one Node does not start. */
  readonly opensslConfig: string;
  /** Files and folders of the product that JavaScript may read, and names that Node looks for on its way to them. */
  readonly product: readonly string[];
  /** What the loader reads: libraries, and its list of them. */
  readonly libraries: readonly string[];
};

/** Of the product that runs. Real paths. */
export function ownWardenFiles(): WardenFiles {
  const main = realpathSync(fileURLToPath(new URL('../warden/main.js', import.meta.url)));
  const sandbox = dirname(dirname(main));
  const isolatedVm = packageRoot(main, 'isolated-vm');
  return {
    node: process.execPath,
    main,
    opensslConfig: join(dirname(main), 'openssl.cnf'),
    product: [
      ...['warden', 'protocol', 'guest'].map((folder) => join(sandbox, folder)),
      join(sandbox, 'package.json'),
      join(dirname(sandbox), 'package.json'),
      isolatedVm,
      packageRoot(join(isolatedVm, 'package.json'), 'node-gyp-build'),
      // By it the package tells which of its builds is for this system.
      '/etc/alpine-release',
    ],
    libraries: ['/etc/ld.so.cache', ...loadedLibraries()],
  };
}

/** The directory of a package as a file finds it. */
function packageRoot(from: string, name: string): string {
  const path = realpathSync(createRequire(from).resolve(name));
  const marker = join('node_modules', name);
  return path.slice(0, path.lastIndexOf(marker) + marker.length);
}

/** The shared libraries in this process, which runs the same Node; isolated-vm needs no others. Linux. */
function loadedLibraries(): readonly string[] {
  try {
    const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
    const paths = lines.map((line) => /^\S+ \S+ \S+ \S+ \S+ +(\/.*)$/.exec(line)?.[1] ?? '');
    return [...new Set(paths.filter((path) => /\/[^/]+\.so(\.[\d.]+)?$/.test(path)))].sort();
  } catch {
    return [];
  }
}
