// Makes a warden's files reachable for users of their own. Where the product lies behind a folder that is its owner's alone
// (/root, a home of mode 0700), another user can't run it, and the folder is not opened for that: what runs is linked or
// copied, read-only, to a place that every user may enter. It is the product's code alone, which is no secret.

import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { SmcpError } from '#base/errors.ts';
import type { WardenFiles } from './warden-files.ts';

const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
const PREFIX = 'smcp-warden-';

export type ReachableFiles = Disposable & {
  /**
   * The files where any user can read them.
   *
   * @throws `SANDBOX_UNAVAILABLE` when there is no such place
   */
  readonly get: () => WardenFiles;
};

/** Nothing is copied before the first `get`, nor where every user can reach the files as they are. */
export function createReachableFiles(files: WardenFiles): ReachableFiles {
  const isReachable = [files.node, ...files.product.filter((path) => existsSync(path))].every(canAllRead);
  let copy: { readonly folder: string; readonly files: WardenFiles } | undefined;
  const remove = () => {
    if (copy !== undefined) rmSync(copy.folder, { recursive: true, force: true });
    copy = undefined;
  };
  return {
    get: () => {
      if (isReachable) return files;
      // What cleans such places may have been there.
      if (copy !== undefined && !isWhole(copy.files)) remove();
      copy ??= copyToReach(files);
      return copy.files;
    },
    [Symbol.dispose]: remove,
  };
}

const isWhole = ({ node, main, product }: WardenFiles): boolean =>
  [node, main, ...product.filter((path) => !path.startsWith('/etc/'))].every((path) => existsSync(path));

/** Whether every user may come to the file or folder, and read all below it. Lists of access beside the mode are not looked at. */
export function canAllRead(path: string): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) break;
  }
  return canAllReadBelow(path);
}

function canAllReadBelow(path: string): boolean {
  const found = lstatSync(path);
  if (!found.isDirectory()) return (found.mode & 0o004) !== 0;
  return (found.mode & 0o005) === 0o005 && readdirSync(path).every((name) => canAllReadBelow(join(path, name)));
}

function copyToReach(files: WardenFiles) {
  const places = [...new Set([tmpdir(), '/tmp', '/var/tmp', '/run', '/dev/shm'])];
  for (const place of places) {
    const copied = copyTo(place, files);
    if (copied !== undefined) return copied;
  }
  throw new SmcpError('SANDBOX_UNAVAILABLE', 'the users that plugins run as can not reach what they run', {
    details: {
      layer: 'own-user',
      remedy:
        'install the product and Node where every user may read them (below /opt or /usr/local), or run as an ordinary user',
    },
  });
}

/** Undefined where the place is not one: closed to others, full, read-only, or mounted so that nothing in it is executed. */
function copyTo(place: string, files: WardenFiles) {
  let folder: string | undefined;
  try {
    const root = realpathSync(place);
    removeLeftovers(root);
    folder = mkdtempSync(join(root, `${PREFIX}${process.pid}-`));
    chmodSync(folder, FOLDER_MODE);
    const copied = fill(folder, files);
    accessSync(copied.node, constants.X_OK);
    if (![copied.node, folder].every(canAllRead)) throw new Error('others can not read it');
    return { folder, files: copied };
  } catch {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}

function fill(folder: string, files: WardenFiles): WardenFiles {
  const product = dirname(dirname(dirname(files.main)));
  /** Packages lie beside `sandbox`, wherever they were found; the rest as in the product. */
  const placeOf = (path: string): string => {
    const [, name] = /\/node_modules\/([^/]+)$/.exec(path) ?? [];
    if (name !== undefined && !path.startsWith(join(product, 'sandbox'))) return join(folder, 'node_modules', name);
    return join(folder, relative(product, path));
  };
  const node = join(folder, 'bin', basename(files.node));
  mkdirSync(dirname(node), { mode: FOLDER_MODE });
  linkOrCopy(files.node, node);
  const isOurs = (path: string) => !path.startsWith('/etc/');
  for (const path of files.product.filter((one) => isOurs(one) && existsSync(one))) {
    mkdirSync(dirname(placeOf(path)), { recursive: true, mode: FOLDER_MODE });
    cpSync(path, placeOf(path), { recursive: true, dereference: true });
  }
  openTree(folder, node);
  return {
    node,
    main: placeOf(files.main),
    opensslConfig: placeOf(files.opensslConfig),
    product: files.product.map((path) => (isOurs(path) ? placeOf(path) : path)),
    libraries: files.libraries,
  };
}

/** Node has over 100 MB: a second name for it where that goes. */
function linkOrCopy(from: string, to: string): void {
  try {
    if ((statSync(from).mode & 0o005) !== 0o005) throw new Error('others may not run it');
    linkSync(from, to);
  } catch {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    chmodSync(to, FOLDER_MODE);
  }
}

/** For all to read, whatever the umask and the modes of the originals were. */
function openTree(path: string, except: string): void {
  if (path === except) return;
  const isFolder = lstatSync(path).isDirectory();
  chmodSync(path, isFolder ? FOLDER_MODE : FILE_MODE);
  if (isFolder) for (const name of readdirSync(path)) openTree(join(path, name), except);
}

/** Of servers that were killed. One in another container that is taken for such makes its copy again. */
function removeLeftovers(place: string): void {
  for (const name of readdirSync(place)) {
    const [, pid] = /^smcp-warden-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const folder = join(place, name);
    if (lstatSync(folder).uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
  }
}
