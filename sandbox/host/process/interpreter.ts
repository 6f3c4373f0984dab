// Which program a plugin's command means on this machine, and what of it must be readable. The command is the manifest's;
// where it is looked for is fixed, so that no environment and no plugin chooses. Trusts root, who installed what is there.

import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SmcpError } from '#base/errors.ts';
import type { ProgramKind } from '#sandbox/host/launcher/system-paths.ts';

/** Where programs are looked for, in this order; also the PATH that a program gets. */
export const PROGRAM_PATH = '/usr/local/bin:/usr/bin:/bin';

export type Interpreter = {
  /** Absolute; may be a link. */
  readonly path: string;
  readonly kind: ProgramKind;
  /** Real paths of what it needs to run besides the system's folders, sorted. */
  readonly readPaths: readonly string[];
};

/**
 * The program of that name. `searchPath`: in place of `PROGRAM_PATH`. `forAll`: it must be one that every user may run.
 *
 * @throws `SANDBOX_UNAVAILABLE` when there is none
 */
export function findInterpreter(
  name: string,
  { searchPath = PROGRAM_PATH, forAll }: { readonly searchPath?: string; readonly forAll: boolean },
): Interpreter {
  const path = searchPath
    .split(':')
    .map((folder) => join(folder, name))
    .find((candidate) => isProgram(candidate) && (!forAll || canAllReach(realpathSync(candidate))));
  if (path === undefined) {
    throw new SmcpError('SANDBOX_UNAVAILABLE', `the program ${JSON.stringify(name)} is not on this machine`, {
      details: { layer: 'program', remedy: `install it for every user: it is looked for in ${searchPath}` },
    });
  }
  const kind = kindOf(name);
  return { path, kind, readPaths: kind === 'python' ? pythonPaths(path) : [realpathSync(path)] };
}

function kindOf(name: string): ProgramKind {
  if (/^python\d*(\.\d+)?$/.test(name)) return 'python';
  return name === 'node' ? 'node' : 'native';
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether every user may read and run the file, and come to it. Lists of access beside the mode are not looked at. */
export function canAllReach(path: string): boolean {
  const isOpen = (one: string, bits: number) => (statSync(one).mode & bits) === bits;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!isOpen(folder, 0o001)) return false;
    if (folder === dirname(folder)) break;
  }
  return isOpen(path, 0o005);
}

/**
 * A Python may lie under a prefix of its own, and a virtual environment under two. Of a prefix only what is Python's: it may
 * be somebody's home.
 */
function pythonPaths(path: string): readonly string[] {
  const real = realpathSync(path);
  const prefixes = [path, real].filter((program) => basename(dirname(program)) === 'bin');
  const own = prefixes.flatMap((program) => {
    const prefix = dirname(dirname(program));
    const ofPython = (folder: string) =>
      namesIn(folder)
        .filter((name) => /^(python\d[\d.]*|libpython.*\.so.*|pyvenv\.cfg)$/.test(name))
        .map((name) => join(folder, name));
    return [...ofPython(prefix), ...ofPython(join(prefix, 'lib')), ...ofPython(join(prefix, 'lib64'))];
  });
  const found = [real, ...own].map((one) => realpathSync(one));
  return [...new Set(found)].sort();
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
