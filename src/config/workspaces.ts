// The folder of agents' workspaces: where the configuration puts it, and that nothing lies there which agents must not write.

import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { checkOwnedDirectory, checkOwner } from '#base/owned-file.ts';
import type { Config } from './config.ts';
import type { Home } from './home.ts';

/** What workspaces must not meet. */
export type KeptApart = {
  readonly home: Home;
  /** Directories of plugins. */
  readonly plugins: readonly string[];
  /** The folder of the product's own files. */
  readonly product: string;
};

/**
 * Makes the folder (0700) where it is missing, and answers with its path without links.
 *
 * @throws `CONFIG_INVALID` where it is in the home (but for its `workspaces`), among plugins or in the product, or holds one of these; links are
 * resolved for that · `HOME_UNSAFE` when it is another user's or open to others
 */
export function prepareWorkspaces({ workspaces }: Pick<Config, 'workspaces'>, apart: KeptApart): string {
  const { home } = apart;
  const written = resolve(home.directory, workspaces.directory);
  try {
    const directory = resolved(written);
    checkApart(directory, apart);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // What was made is looked at once more: it is what its path says.
    if (realpathSync(directory) !== directory) throw overlapping(written, 'a link that changes');
    const stats = lstatSync(directory);
    checkOwnedDirectory(directory, stats);
    checkOwner(directory, stats, { keptFrom: 'being read' });
    return directory;
  } catch (thrown) {
    if (thrown instanceof SmcpError) throw thrown;
    const message = `workspaces can't lie in ${written}: ${systemErrorCode(thrown) ?? 'error'}`;
    throw new SmcpError('CONFIG_INVALID', message, {
      cause: thrown,
      details: { remedy: 'give workspaces.directory a folder that the server may write' },
    });
  }
}

function checkApart(directory: string, { home, plugins, product }: KeptApart): void {
  const own = join(resolved(home.directory), basename(home.workspaces));
  const isOwn = isIn(directory, own);
  if (!isOwn && meets(directory, resolved(home.directory))) throw overlapping(directory, 'the home');
  if (!isOwn && meets(directory, resolved(product))) throw overlapping(directory, 'the product');
  for (const given of plugins) {
    const place = resolved(given);
    // Hidden folders of a directory of plugins are none.
    const isAmongThem = isIn(directory, place) && !relative(place, directory).startsWith('.');
    if (directory === place || isAmongThem || isIn(place, directory)) throw overlapping(directory, 'plugins');
  }
}

const isIn = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

const meets = (one: string, other: string): boolean => isIn(one, other) || isIn(other, one);

/** Without links, as far as there is something. */
function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    const above = dirname(path);
    if (systemErrorCode(thrown) !== 'ENOENT' || above === path) throw thrown;
    // A link that leads to nothing is not what will be there.
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw thrown;
    return join(resolved(above), basename(path));
  }
}

function overlapping(directory: string, what: string): SmcpError {
  return new SmcpError('CONFIG_INVALID', `workspaces.directory ${directory} overlaps ${what}`, {
    details: { remedy: 'give a folder of its own, or leave it out: then it is `workspaces` in the home' },
  });
}
