// Writes the plugin.json of a command-line plugin that has none, from what its program says: what `smcp plugin adopt DIR` asks.
// From then on a person decides by that file what agents see of it and what it asks for. Trusts the path that a person gave for
// the moment in which it is opened; who owns the plugin may move it and plant links while its program runs.

import { constants, existsSync } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { createFile } from '#base/durable-file.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { visible, visibleJson } from '#base/visible.ts';
import type { Manifest, PluginReport } from '#domain/manifest.ts';
import { checkCandidate, noDirectory } from './check-directory.ts';
import { type Candidate, kindOfDirectory } from './discover.ts';
import type { Bounds } from './inspect.ts';
import type { OpenWorkshop } from './inspect-whole.ts';
import { locationOf } from './plugin-tree.ts';
import { MANIFEST_FILE } from './problem.ts';

export type Adoption = {
  /** What was written, and where; absent when nothing was: see `report.problems`. */
  readonly written?: { readonly file: string; readonly manifest: Manifest };
  readonly report: PluginReport;
};

const MODE = 0o644;
const INDENT = 2;

/**
 * Never replaces a file: where there is a plugin.json already, nothing is run either. Read and written is the one directory that
 * was opened first, whatever stands at the path later.
 *
 * **Durability:** the file is on disk when it resolves, or nothing of it.
 * @throws `PLUGIN_ADOPTED` where there is a plugin.json · `PLUGIN_UNSAFE_FILE` when it can't be written, or the directory was moved
 * meanwhile · as `checkPluginDirectory`
 */
export async function adoptPlugin(
  ports: { readonly openWorkshop: OpenWorkshop },
  path: string,
  options: Bounds,
): Promise<Adoption> {
  await using directory = await openDirectory(path);
  const real = await realpath(locationOf(directory, path)).catch(() => path);
  const location = locationOf(directory, real);
  if (existsSync(join(location, MANIFEST_FILE))) throw adopted(path);
  const candidate: Candidate = {
    // What is read must be no link itself.
    path: `${location}/.`,
    name: basename(resolve(path)),
    origin: 'external',
    kind: await kindOfDirectory(location),
  };
  const { report, manifest } = await checkCandidate(ports, candidate, options);
  const told = { ...report, source: real };
  if (manifest === undefined) return { report: told };
  await checkUnmoved(path, directory);
  write(path, location, manifest);
  return { written: { file: join(real, MANIFEST_FILE), manifest }, report: told };
}

const openDirectory = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | constants.O_DIRECTORY).catch((thrown: unknown) => {
    const code = systemErrorCode(thrown);
    if (code === undefined) throw thrown;
    throw code === 'ENOENT' || code === 'ENOTDIR' ? noDirectory(path) : unwritable(path, code, thrown);
  });

/** Else the file would be in another place than the one that is told. */
async function checkUnmoved(path: string, directory: FileHandle): Promise<void> {
  const before = await directory.stat({ bigint: true });
  const now = await stat(path, { bigint: true }).catch(() => undefined);
  if (now?.dev === before.dev && now.ino === before.ino) return;
  throw new SmcpError('PLUGIN_UNSAFE_FILE', `${visible(path)} was moved or replaced while its program was asked`, {
    details: { remedy: 'nothing was written; see who changes it, then adopt it again' },
  });
}

/** What moves a cursor or turns the reading direction is escaped: a person reads this file to decide. */
function write(path: string, location: string, manifest: Manifest): void {
  const text = `${visibleJson(manifest as unknown as Json, INDENT)}\n`;
  try {
    createFile(join(location, MANIFEST_FILE), text, MODE);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    throw code === 'EEXIST' ? adopted(path) : unwritable(path, code, cause);
  }
}

const unwritable = (path: string, code: string, cause: unknown): SmcpError =>
  new SmcpError('PLUGIN_UNSAFE_FILE', `no plugin.json can be written to ${visible(path)} (${code})`, {
    cause,
    details: { remedy: 'write to the directory as a user who may' },
  });

const adopted = (path: string): SmcpError =>
  new SmcpError('PLUGIN_ADOPTED', `${visible(path)} has a plugin.json already; it is left as it is`, {
    details: { remedy: 'edit it, or move it away to have it written anew' },
  });
