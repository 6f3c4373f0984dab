// What to verify, by its directory: a home has a database, an exported folder has none. Called by `smcp log verify`.
// **Trust:** none; the directory may be made to hold the verifier up, or to look like a home of this machine.

import { lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import type { Store } from '#domain/store-ports.ts';
import { databaseProblem } from './check-database.ts';
import { createFolderSource } from './folder-source.ts';
import { createHomeSource } from './home-source.ts';
import { isOwnHome } from './own-home.ts';
import type { LogSource } from './source.ts';

/** Opens a database; one that is made shows what a sound one looks like. */
export type OpenStore = (file: string, options: { readonly readOnly: boolean }) => Store;

export type OpenSourceOptions = {
  /** The home that the command line means: its log, and no other, is `pinned` to the key beside it. */
  readonly ownHome: string;
};

/**
 * @throws `HOME_INVALID` when the directory is neither, or its database can't be opened · `LOG_TAMPERED` when the
 * database is not as this release makes one.
 */
export function openLogSource(directory: string, openStore: OpenStore, { ownHome }: OpenSourceOptions): LogSource {
  const database = join(directory, 'smcp.db');
  if (isThere(database)) {
    const trust = isOwnHome(directory, ownHome) ? 'pinned' : 'self';
    checkDatabase(database, openStore);
    return createHomeSource(openStore(database, { readOnly: true }), directory, trust);
  }
  if (isThere(join(directory, 'checkpoint'))) return createFolderSource(directory);
  throw new SmcpError('HOME_INVALID', `${directory} is neither a home nor an exported log nor a bundle`, {
    details: {
      remedy: 'name a home (with smcp.db), a folder that `smcp log export` wrote or a file that `smcp log prove` wrote',
    },
  });
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOTDIR') return false;
    throw new SmcpError('HOME_INVALID', `${path} can't be looked at: ${systemErrorCode(cause) ?? 'error'}`, {
      cause,
      details: { remedy: 'make it readable for the user that verifies' },
    });
  }
}

function checkDatabase(file: string, openStore: OpenStore): void {
  const folder = mkdtempSync(join(tmpdir(), 'smcp-verify-'));
  try {
    const reference = join(folder, 'smcp.db');
    openStore(reference, { readOnly: false }).close();
    const problem = databaseProblem(file, reference);
    if (problem === undefined) return;
    throw new SmcpError('LOG_TAMPERED', problem, {
      details: { remedy: 'keep the file as evidence; it was not made by `smcp` of this release' },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
