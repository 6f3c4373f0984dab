// The copies of plugins that programs run: written once per plugin, from bytes that were hashed, to where a user of its own
// can reach them, and read-only. The home itself stays shut. Trusts the host's user, who alone can write there.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Digest, digestHex } from '#base/digest.ts';
import type { Plugin } from '#domain/manifest.ts';
import { removeTree } from './remove-tree.ts';

export type CodeFile = { readonly bytes: Uint8Array; readonly isExecutable: boolean };
export type CodeFiles = ReadonlyMap<string, CodeFile>;

/** The files of plugins as they were hashed. */
export type ProcessCode = {
  /**
   * Every file of a plugin, by its path with `/`, read at once from a copy that as a whole has the plugin's digest.
   *
   * @throws `PLUGIN_TAMPERED` when the copy is not what was hashed
   */
  readonly files: (plugin: Plugin) => Promise<CodeFiles>;
};

export type StagedCode = {
  /** Real, absolute. */
  readonly folder: string;
  readonly paths: ReadonlySet<string>;
};

export type CodeStage = {
  /** @throws `PLUGIN_TAMPERED` and what writing throws; the next call tries again */
  readonly plugin: (plugin: Plugin) => Promise<StagedCode>;
  /** Files of the product. `name`: for people who look into the folder. */
  readonly own: (name: string, files: CodeFiles) => StagedCode;
};

const FILE_MODE = 0o444;
const EXECUTABLE_MODE = 0o555;
const FOLDER_MODE = 0o555;
const OWN_FOLDER_MODE = 0o700;

/** Where a plugin's program finds its own code, below the work place. */
export const codeFolderOf = (place: string, { digest }: Pick<Plugin, 'digest'>): string =>
  join(place, `code-${digestHex(digest)}`);

/** `place`: real, absolute, and empty when it begins. */
export function createCodeStage(place: string, code: ProcessCode): CodeStage {
  const staged = new Map<Digest, Promise<StagedCode>>();
  const own = new Map<string, StagedCode>();
  return {
    plugin: (plugin) => {
      const known = staged.get(plugin.digest);
      if (known !== undefined) return known;
      const folder = codeFolderOf(place, plugin);
      const made = code.files(plugin).then(async (files) => {
        // What a try before this one left, when the disk was full.
        await removeTree(folder);
        return write(folder, files);
      });
      staged.set(plugin.digest, made);
      made.catch(() => staged.delete(plugin.digest));
      return made;
    },
    own: (name, files) => {
      const made = own.get(name) ?? write(join(place, `own-${name}`), files);
      own.set(name, made);
      return made;
    },
  };
}

function write(folder: string, files: CodeFiles): StagedCode {
  const folders = new Set([folder]);
  mkdirSync(folder, { recursive: true, mode: OWN_FOLDER_MODE });
  for (const [path, { bytes, isExecutable }] of files) {
    const target = join(folder, path);
    for (let above = dirname(target); above.length > folder.length; above = dirname(above)) folders.add(above);
    mkdirSync(dirname(target), { recursive: true, mode: OWN_FOLDER_MODE });
    writeFileSync(target, bytes, { flag: 'wx', mode: OWN_FOLDER_MODE });
    chmodSync(target, isExecutable ? EXECUTABLE_MODE : FILE_MODE);
  }
  for (const each of folders) chmodSync(each, FOLDER_MODE);
  return { folder, paths: new Set(files.keys()) };
}
