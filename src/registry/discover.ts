// Finds the plugins in the plugins directories. Reads names only; what a plugin holds is read by inspect.ts.

import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { visible } from '#base/visible.ts';
import type { Plugin } from '#domain/manifest.ts';
import { CLI_FILE } from './discovered.ts';
import { MANIFEST_FILE } from './problem.ts';

/** A plugins directory: the product's own, or one given by `--plugins`. */
export type PluginsDirectory = {
  readonly path: string;
  readonly origin: Plugin['origin'];
  /** Whether it is an error when it is not there. Absent: of an external one. */
  readonly isRequired?: boolean;
};

/** A plugins directory as it was given, absolute, and its real path: known by either, a link can't make it another one. */
export type DirectoryNames = readonly [given: string, real: string];

export type Candidate = {
  /** Real path of the plugin's directory. */
  readonly path: string;
  /** Name of the directory as it was found. */
  readonly name: string;
  readonly origin: Plugin['origin'];
  readonly kind: PluginKind;
  /** The plugins directory that it was found in, first. Absent: it was looked at by itself. */
  readonly root?: DirectoryNames;
};

/** `manifest` has plugin.json · `command-line` has only cli.py · `none` has neither. */
export type PluginKind = 'manifest' | 'command-line' | 'none';

/** The names of the external directories that are there. */
export async function externalRoots(directories: readonly PluginsDirectory[]): Promise<readonly DirectoryNames[]> {
  const given = directories.flatMap(({ path, origin }) => (origin === 'external' ? [path] : []));
  return Promise.all(
    given.map(async (path) => [resolve(path), await realpath(path).catch(() => resolve(path))] as const),
  );
}

/**
 * Every plugin in the directories, sorted by path. A directory given twice counts once, as it was given first; the
 * directory of a plugin may be a link.
 *
 * @throws `CONFIG_INVALID` when a directory that is required is missing, or one is unreadable or holds more than the limits
 * allow.
 */
export async function discoverPlugins(
  { logger }: { readonly logger: Logger },
  directories: readonly PluginsDirectory[],
): Promise<readonly Candidate[]> {
  const candidates = new Map<string, Candidate>();
  const seen = new Set<string>();
  for (const directory of directories) {
    const { path, origin } = directory;
    const real = await realDirectory({ logger }, directory);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    const ownKind = await kindOfDirectory(real);
    const countBefore = candidates.size;
    if (ownKind === 'manifest') throw isPlugin(path);
    for (const name of await namesIn(real)) {
      const plugin = await realpath(join(real, name)).catch(() => undefined);
      const kind = plugin === undefined ? 'none' : await kindOfDirectory(plugin);
      if (plugin === undefined || kind === 'none') {
        logger.debug('no plugin, left alone', { directory: path, name: visible(name) });
      } else {
        const known = candidates.get(plugin);
        const found = { path: plugin, name, origin, kind, root: [resolve(path), real] as const };
        candidates.set(plugin, known === undefined ? found : withOwnName({ logger }, known, name));
      }
      if (candidates.size > LIMITS.pluginsMax) {
        throw invalid(path, `brings more than ${LIMITS.pluginsMax} plugins`, 'serve fewer plugins');
      }
    }
    if (ownKind === 'command-line' && candidates.size === countBefore) throw isPlugin(path);
  }
  return [...candidates.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * One directory under two names: its own counts where it is one of them, so that no link beside it renames it; of two links the
 * first.
 */
function withOwnName({ logger }: { readonly logger: Logger }, known: Candidate, name: string): Candidate {
  const named = name === basename(known.path) ? { ...known, name } : known;
  const other = named.name === name ? known.name : name;
  // What has a manifest is called as that says.
  if (known.kind === 'command-line' && other !== named.name) {
    logger.warn('a plugin is found under two names, and has the tools of one', {
      ...{ source: known.path, plugin: visible(named.name), other: visible(other) },
      remedy: `remove the link that is not meant; grants on the tools of ${visible(other)} cover nothing`,
    });
  }
  return named;
}

/**
 * What a directory is, by the files it holds. `none` also for what is no directory. What may not be looked into counts
 * as a plugin, so that its reading says so.
 */
export async function kindOfDirectory(path: string): Promise<PluginKind> {
  const has = async (name: string) => {
    try {
      await lstat(join(path, name));
      return true;
    } catch (thrown) {
      return !['ENOENT', 'ENOTDIR'].includes(systemErrorCode(thrown) ?? '');
    }
  };
  if (await has(MANIFEST_FILE)) return 'manifest';
  return (await has(CLI_FILE)) ? 'command-line' : 'none';
}

/** The directory of one plugin, for a check. Undefined when there is none at this path. */
export async function candidateAt(path: string): Promise<Candidate | undefined> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || !(await stat(real)).isDirectory()) return undefined;
  return { path: real, name: basename(resolve(path)), origin: 'external', kind: await kindOfDirectory(real) };
}

async function realDirectory(
  { logger }: { readonly logger: Logger },
  { path, origin, isRequired = origin === 'external' }: PluginsDirectory,
): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch (thrown) {
    if (systemErrorCode(thrown) === undefined) throw thrown;
  }
  if (isRequired) {
    const remedy =
      origin === 'external' ? 'make it, or leave it out of --plugins' : 'put it back, or restart the server';
    throw invalid(path, 'is no directory that can be read', remedy);
  }
  logger.warn("the product's own plugins are missing", { directory: path });
  return undefined;
}

/** Names in a plugins directory, without hidden ones. */
async function namesIn(path: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(path)) {
      if (!entry.name.startsWith('.')) names.push(entry.name);
      if (names.length > LIMITS.pluginDirectoryEntriesMax) {
        throw invalid(path, `has more than ${LIMITS.pluginDirectoryEntriesMax} entries`, 'is it the right directory?');
      }
    }
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (thrown instanceof SmcpError || code === undefined) throw thrown;
    throw invalid(path, `can't be read (${code})`, 'let the server read it');
  }
  return names.sort();
}

const isPlugin = (path: string): SmcpError => invalid(path, 'is a plugin itself', 'name the directory that holds it');

const invalid = (path: string, what: string, remedy: string): SmcpError =>
  new SmcpError('CONFIG_INVALID', `the plugins directory ${visible(path)} ${what}`, { details: { remedy } });
