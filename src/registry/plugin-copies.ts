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
import type { Plugin } from '#domain/manifest.ts';
import type { PluginCode } from '#domain/sandbox-ports.ts';
import { KEPT_BOUNDS, type KeptBounds, type LastRunMs, removableCopies } from './kept-copies.ts';
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
/** The name of a copy: a digest. */
const COPY_NAME = /^[0-9a-f]{64}$/;
/** Of copies that had to go, as many are named in the log. */
const DIGESTS_TOLD_MAX = 16;
/** What an isolate can import. */
const MODULE = /\.m?js$/;

export type PluginCopies = {
  /**
   * The directory of a copy that holds exactly these files. A copy that is there already is hashed, and written again
   * when it was changed.
   *
   * **Durability:** files, folders and the copy's name are on disk (fsync) when it resolves.
   * @throws `HOME_INVALID` when it can't be written; then there is no copy, or the one that was there.
   */
  readonly install: (files: PluginFiles, digest: Digest) => Promise<string>;
  /**
   * Removes every copy but these, and but what recorded calls ran, as far as there is room for it. Never rejects: what can't be
   * removed is told in the log and left.
   */
  readonly removeOthers: (kept: readonly Digest[]) => Promise<void>;
};

export type CopiesOptions = {
  /** Absent: nothing ran, as where plugins are only tried. */
  readonly lastRunMs?: LastRunMs;
  /** In place of those of `LIMITS`. */
  readonly bounds?: KeptBounds;
};

/**
 * Opens `home/plugins`, which it makes where it is missing, and removes what an interrupted start left there.
 *
 * @throws `HOME_UNSAFE` when it is a link, belongs to another user or is writable by others.
 */
export async function openPluginCopies(
  { logger }: { readonly logger: Logger },
  home: string,
  { lastRunMs = () => undefined, bounds = KEPT_BOUNDS }: CopiesOptions = {},
): Promise<PluginCopies> {
  const root = join(home, 'plugins');
  await mkdir(root, { recursive: true, mode: OWN_FOLDER_MODE });
  checkOwnedDirectory(root, await lstat(root));
  for (const name of await readdir(root)) {
    if (name.startsWith(UNFINISHED) || name.startsWith(DISCARDED)) await removeTree(join(root, name));
  }
  return {
    install: async (files, digest) => {
      const directory = join(root, digestHex(digest));
      try {
        await installCopy(root, { files, digest, directory }, logger);
        return directory;
      } catch (cause) {
        const code = systemErrorCode(cause);
        if (cause instanceof SmcpError || code === undefined) throw cause;
        throw new SmcpError('HOME_INVALID', `the copy of a plugin can't be written to ${root} (${code})`, {
          cause,
          details: { remedy: 'free space on the disk, and let the server write to its home' },
        });
      }
    },
    removeOthers: async (kept) => {
      const names = new Set(kept.map(digestHex));
      const warn = (thrown: unknown): void => {
        const error = systemErrorCode(thrown) ?? String(thrown);
        logger.warn('copies of plugins that are not used any more could not be removed', { directory: root, error });
      };
      const others = (await readdir(root).catch(() => [])).filter((name) => COPY_NAME.test(name) && !names.has(name));
      const { unused, pushedOut } = await removableCopies(root, others, { lastRunMs, bounds });
      for (const name of [...unused, ...pushedOut]) await removeCopy(root, name).catch(warn);
      if (pushedOut.length === 0) return;
      const digests = pushedOut.slice(0, DIGESTS_TOLD_MAX).map((name) => `sha256:${name}`);
      logger.warn("code that recorded calls ran is no longer kept: those calls can't be run again", {
        ...{ copies: pushedOut.length, digests, ...bounds },
        remedy:
          'keep those versions of the plugins elsewhere: a copy is kept again once one of them is in a plugins directory',
      });
    },
  };
}

type Copy = { readonly files: PluginFiles; readonly digest: Digest; readonly directory: string };

async function installCopy(root: string, { files, digest, directory }: Copy, logger: Logger): Promise<void> {
  const state = await stateOfCopy(directory, digest);
  if (state === 'intact') return;
  if (state === 'changed') logger.warn('a copy of a plugin was changed; it is written again', { digest, directory });
  const unfinished = join(root, `${UNFINISHED}${randomBytes(8).toString('hex')}`);
  try {
    await writeCopy(unfinished, files);
    if (state === 'changed') await removeCopy(root, digestHex(digest));
    await rename(unfinished, directory);
  } catch (thrown) {
    await removeTree(unfinished).catch(() => {});
    throw thrown;
  }
  await syncFolder(root);
}

/** Moved away first: under its digest a copy is whole or not there. */
async function removeCopy(root: string, name: string): Promise<void> {
  const discarded = join(root, `${DISCARDED}${randomBytes(8).toString('hex')}`);
  await rename(join(root, name), discarded);
  await removeTree(discarded);
}

/**
 * The code of copies: read whole into memory, hashed, and only then handed out. What is handed out are the bytes that were
 * hashed, so a copy that is changed in between, or while the server runs, never runs.
 */
export function createPluginCode(ports: { readonly logger: Logger }): PluginCode {
  const { files: filesOf } = createPluginFiles(ports);
  return {
    modules: async (plugin) => {
      const files = await filesOf(plugin);
      return new Map([...files].filter(([path]) => MODULE.test(path)).map(([path, { bytes }]) => [path, bytes]));
    },
  };
}

/** Every file of a copy, in the same way: for plugins that are more than modules. */
export function createPluginFiles({ logger }: { readonly logger: Logger }): {
  /** @throws `PLUGIN_TAMPERED` when the copy is not what was hashed */
  readonly files: (plugin: Plugin) => Promise<PluginFiles>;
} {
  return {
    files: async ({ name, directory, digest }) => {
      const files = await readCopy(directory);
      if (files !== undefined && packageDigest(files) === digest) return files;
      logger.error('the copy of a plugin was changed; it does not run', { plugin: name, digest, directory });
      throw new SmcpError('PLUGIN_TAMPERED', `the copy of ${name} that runs is not what was hashed`, {
        details: {
          remedy:
            'find out who writes to the home, then restart the server: it writes the copies of plugins that are there again',
        },
      });
    },
  };
}

/** The files of a copy; undefined when it is gone or not how we wrote it. */
export async function readCopy(directory: string): Promise<PluginFiles | undefined> {
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
