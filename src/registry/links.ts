// Symbolic links of a plugin, resolved among the files already in memory: the file system is not asked, so nothing
// outside of the plugin can be reached, whatever happens to the directory meanwhile.

import { posix } from 'node:path';
import type { PluginFile } from './plugin-files.ts';
import { unsafe } from './unsafe-file.ts';

/** Links that lead to links; Linux follows 40. */
const HOPS_MAX = 40;

type Tree = {
  readonly files: Map<string, PluginFile>;
  readonly folders: ReadonlySet<string>;
  readonly links: ReadonlyMap<string, string>;
};

/**
 * Adds each link to `files` as a file with the bytes of the file it leads to.
 *
 * **Trust:** the plugin's author wrote the links.
 * @throws `PLUGIN_UNSAFE_FILE` for a link that is absolute, leaves the plugin, leads to a folder, in a circle or nowhere.
 */
export function resolveLinks(tree: Tree): void {
  for (const path of tree.links.keys()) tree.files.set(path, fileBehind(tree, path));
}

function fileBehind(tree: Tree, start: string): PluginFile {
  let path = start;
  for (let hops = 0; hops < HOPS_MAX; hops++) {
    const target = tree.links.get(path);
    if (target === undefined) break;
    if (target.startsWith('/')) throw unsafe(start, 'is a link to an absolute path');
    path = posix.join(posix.dirname(path), target);
    if (path === '..' || path.startsWith('../')) throw unsafe(start, 'is a link that leaves the plugin');
  }
  if (tree.folders.has(path.replace(/\/$/, '')) || path === '.') throw unsafe(start, 'is a link to a folder');
  const file = tree.links.has(path) ? undefined : tree.files.get(path);
  if (file === undefined) throw unsafe(start, 'is a link that leads to no file of the plugin');
  return file;
}
