// The home: the directory that holds everything of one server. Its names are fixed; see docs and contract.

import { lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { checkOwnedDirectory } from '#base/owned-file.ts';

/** Where the home is when nobody says otherwise, in the directory where the command is given. */
export const DEFAULT_HOME = './.smcp';

export type Home = {
  readonly directory: string;
  readonly database: string;
  readonly policy: string;
  readonly config: string;
  readonly keys: string;
  readonly adminToken: string;
  /** The last checkpoint, outside the database. */
  readonly checkpoint: string;
  /** Read-only copies of the plugins that run, by digest. */
  readonly plugins: string;
  /** Where agents' files are, unless the configuration says otherwise. */
  readonly workspaces: string;
  /** Where a running server of this home answers: `{"url","pid"}`. */
  readonly server: string;
  /** The socket of a running server, for agents whose `smcp stdio` is started with access to the home. */
  readonly socket: string;
};

/** The paths of a home; nothing is read or made. */
export function homeAt(directory: string): Home {
  const root = resolve(directory);
  return {
    directory: root,
    database: join(root, 'smcp.db'),
    policy: join(root, 'policy.yaml'),
    config: join(root, 'config.yaml'),
    keys: join(root, 'keys'),
    adminToken: join(root, 'admin.token'),
    checkpoint: join(root, 'checkpoint'),
    plugins: join(root, 'plugins'),
    workspaces: join(root, 'workspaces'),
    server: join(root, 'server.json'),
    socket: join(root, 'agents.sock'),
  };
}

/** Names that may lie in a directory that is to become a home. */
const OWN_NAMES = new Set(['policy.yaml', 'config.yaml', 'smcp.db', 'keys', 'admin.token', 'lock']);

/**
 * Makes the directory (0700) if it is missing, and looks at who could change it.
 *
 * @throws `HOME_UNSAFE` when it is a link, another user's or writable by others · `HOME_INVALID` when it holds
 * something else, or can't be made.
 */
export function prepareHome(home: Home): void {
  try {
    mkdirSync(home.directory, { recursive: true, mode: 0o700 });
    checkOwnedDirectory(home.directory, lstatSync(home.directory));
    const names = readdirSync(home.directory);
    if (names.length > 0 && !names.some((name) => OWN_NAMES.has(name))) {
      throw new SmcpError('HOME_INVALID', `${home.directory} holds other files and is no home`, {
        details: { remedy: 'give an empty or a new directory with --home' },
      });
    }
  } catch (thrown) {
    if (thrown instanceof SmcpError) throw thrown;
    throw new SmcpError(
      'HOME_INVALID',
      `${home.directory} can't be used as a home: ${systemErrorCode(thrown) ?? 'error'}`,
      {
        cause: thrown,
        details: { remedy: 'give a directory that you may write with --home or SMCP_HOME' },
      },
    );
  }
}

/** True when a server has run here before. */
export function homeExists(home: Home): boolean {
  return statSync(home.database, { throwIfNoEntry: false }) !== undefined;
}
