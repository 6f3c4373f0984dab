// What to verify, by its directory: a home has a database, an exported folder has none. Called by `smcp log verify`.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SmcpError } from '#base/errors.ts';
import type { Store } from '#domain/store-ports.ts';
import { createFolderSource } from './folder-source.ts';
import { createHomeSource } from './home-source.ts';
import type { LogSource } from './source.ts';

/**
 * @param openStore opens a database read-only: `(file) => openStore(file, { readOnly: true })`.
 * @throws `HOME_INVALID` when the directory is neither, or its database can't be opened.
 */
export function openLogSource(directory: string, openStore: (file: string) => Store): LogSource {
  const database = join(directory, 'smcp.db');
  if (existsSync(database)) return createHomeSource(openStore(database), directory);
  if (existsSync(join(directory, 'checkpoint'))) return createFolderSource(directory);
  throw new SmcpError('HOME_INVALID', `${directory} is neither a home nor an exported log`, {
    details: { remedy: 'name a home (with smcp.db) or a folder that `smcp log export` wrote' },
  });
}
