// Writes the plugin.json of a command-line plugin that has none, from what its program says: what `smcp plugin adopt DIR` asks.
// From then on a person decides by that file what agents see of it and what it asks for. Trusts the path that a person gave.

import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { createFile } from '#base/durable-file.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { visible } from '#base/visible.ts';
import type { Manifest, PluginReport } from '#domain/manifest.ts';
import { checkPluginDirectory } from './check-directory.ts';
import type { Bounds } from './inspect.ts';
import type { OpenWorkshop } from './inspect-whole.ts';
import { MANIFEST_FILE } from './problem.ts';

export type Adoption = {
  /** What was written, and where; absent when nothing was: see `report.problems`. */
  readonly written?: { readonly file: string; readonly manifest: Manifest };
  readonly report: PluginReport;
};

const MODE = 0o644;

/**
 * Never replaces a file: where there is a plugin.json already, nothing is run either.
 *
 * **Durability:** the file is on disk when it resolves, or nothing of it.
 * @throws `PLUGIN_ADOPTED` where there is a plugin.json · `PLUGIN_UNSAFE_FILE` when it can't be written · as `checkPluginDirectory`
 */
export async function adoptPlugin(
  ports: { readonly openWorkshop: OpenWorkshop },
  path: string,
  options: Bounds,
): Promise<Adoption> {
  // Where a link leads is asked once: it is looked at and written to in the same place.
  const directory = await realpath(path).catch(() => path);
  const file = join(directory, MANIFEST_FILE);
  if (existsSync(file)) throw adopted(path);
  const { report, manifest } = await checkPluginDirectory(ports, path, options);
  if (manifest === undefined) return { report };
  try {
    createFile(file, `${JSON.stringify(manifest, null, 2)}\n`, MODE);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    if (code === 'EEXIST') throw adopted(path);
    throw new SmcpError('PLUGIN_UNSAFE_FILE', `${visible(file)} can't be written (${code})`, {
      cause,
      details: { remedy: 'write to the directory as a user who may' },
    });
  }
  return { written: { file, manifest }, report };
}

const adopted = (path: string): SmcpError =>
  new SmcpError('PLUGIN_ADOPTED', `${visible(path)} has a plugin.json already; it is left as it is`, {
    details: { remedy: 'edit it, or move it away to have it written anew' },
  });
