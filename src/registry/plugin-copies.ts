// The read-only copies that run: `home/plugins/<digest>/`, written from bytes in memory at the start and hashed again
// whenever code is taken from them. Called by the registry with the home's lock held, and by the sandbox each time it
// starts a process. Trusts the home's owner, not what lies in the copies.

import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, digestHex } from '#base/digest.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import type { Logger } from '#base/log.ts';
import { checkOwnedDirectory } from '#base/owned-file.ts';
import type { PluginCode } from '#domain/ports.ts';
import { packageDigest } from './package-digest.ts';
import type { PluginFile, PluginFiles } from './plugin-files.ts';
import { readPluginFiles } from './plugin-tree.ts';

const FILE_MODE = 0o444;
const EXECUTABLE_MODE = 0o555;
const FOLDER_MODE = 0o555;
const OWN_FOLDER_MODE = 0o700;
/** Before the names of what is being written or thrown away; no digest begins like this. */
const UNFINISHED = '.unfinished-';
const DISCARDED = '.discarded-';
/** What an isolate can import. */
const MODULE = /\.m?js$/;

export type PluginCopies = {
  /**
   * The directory of a copy that holds exactly these files. A copy that is there already is hashed, and written again
   * when it was changed.
   *
   * **Durability:** files, folders and the copy's name are on disk (fsync) when it resolves.
   */
  readonly install: (files: PluginFiles, digest: Digest) => Promise<string>;
};

/**
 * Opens `home/plugins`, which it makes where it is missing, and removes what an interrupted start left there.
 *
 * @throws `HOME_UNSAFE` when it is a link, belongs to another user or is writable by others.
 */
export async function openPluginCopies({ logger }: { readonly logger: Logger }, home: string): Promise<PluginCopies> {
  const root = join(home, 'plugins');
  await mkdir(root, { recursive: true, mode: OWN_FOLDER_MODE });
  checkOwnedDirectory(root, await lstat(root));
  for (const name of await readdir(root)) {
    if (name.startsWith(UNFINISHED) || name.startsWith(DISCARDED)) await removeTree(join(root, name));
  }
  return {
    install: async (files, digest) => {
      const directory = join(root, digestHex(digest));
      const state = await stateOfCopy(directory, digest);
      if (state === 'intact') return directory;
      if (state === 'changed')
        logger.warn('a copy of a plugin was changed; it is written again', { digest, directory });
      const suffix = randomBytes(8).toString('hex');
      const unfinished = join(root, `${UNFINISHED}${suffix}`);
      const discarded = join(root, `${DISCARDED}${suffix}`);
      await writeCopy(unfinished, files);
      if (state === 'changed') await rename(directory, discarded);
      await rename(unfinished, directory);
      await syncFolder(root);
      if (state === 'changed') await removeTree(discarded);
      return directory;
    },
  };
}

/**
 * The code of copies: read whole into memory, hashed, and only then handed out. What is handed out are the bytes that were
 * hashed, so a copy that is changed in between, or while the server runs, never runs.
 */
export function createPluginCode({ logger }: { readonly logger: Logger }): PluginCode {
  return {
    modules: async ({ name, directory, digest }) => {
      const files = await readCopy(directory);
      if (files === undefined || packageDigest(files) !== digest) {
        logger.error('the copy of a plugin was changed; it does not run', { plugin: name, digest, directory });
        throw new SmcpError('PLUGIN_TAMPERED', `the copy of ${name} that runs is not what was hashed`, {
          details: { remedy: 'find out who writes to the home, then restart the server: it writes the copy again' },
        });
      }
      return new Map([...files].filter(([path]) => MODULE.test(path)).map(([path, { bytes }]) => [path, bytes]));
    },
  };
}

/** The files of a copy; undefined when it is gone or not how we wrote it. */
async function readCopy(directory: string): Promise<PluginFiles | undefined> {
  try {
    return await readPluginFiles(directory, { isCopy: true });
  } catch (thrown) {
    if (thrown instanceof SmcpError && thrown.code === 'PLUGIN_UNSAFE_FILE') return undefined;
    throw thrown;
  }
}

async function stateOfCopy(directory: string, digest: Digest): Promise<'missing' | 'intact' | 'changed'> {
  try {
    await lstat(directory);
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return 'missing';
    throw thrown;
  }
  const files = await readCopy(directory);
  return files !== undefined && packageDigest(files) === digest ? 'intact' : 'changed';
}

async function writeCopy(directory: string, files: PluginFiles): Promise<void> {
  const folders = new Set<string>([directory]);
  for (const [path, file] of files) {
    const target = join(directory, path);
    const missing: string[] = [];
    for (let folder = dirname(target); folder.length >= directory.length; folder = dirname(folder)) {
      missing.push(folder);
      folders.add(folder);
    }
    await mkdir(missing[0] ?? directory, { recursive: true, mode: OWN_FOLDER_MODE });
    await writeFile(target, file);
  }
  // The deepest first: a folder is closed only when all below it is.
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    await chmod(folder, FOLDER_MODE);
    await syncFolder(folder);
  }
}

async function writeFile(path: string, file: PluginFile): Promise<void> {
  await using handle = await open(path, 'wx', FILE_MODE);
  await handle.writeFile(file.bytes);
  // Whatever the umask made of it.
  await handle.chmod(file.isExecutable ? EXECUTABLE_MODE : FILE_MODE);
  await handle.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

/** Removes a read-only tree. Links in it are removed, never followed. */
async function removeTree(path: string): Promise<void> {
  if ((await lstat(path)).isDirectory()) {
    await chmod(path, OWN_FOLDER_MODE);
    for (const name of await readdir(path)) await removeTree(join(path, name));
  }
  await rm(path, { recursive: true });
}
