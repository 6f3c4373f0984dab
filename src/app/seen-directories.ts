// Which plugins directories this home was started with: kept in the database, so that a lock file that is gone does not make
// the next start a first one. Called by core.ts.

import type { MetaStore } from '#domain/store-ports.ts';
import type { SeenDirectories } from '#registry/approvals.ts';

/** **Durability:** on disk when `add` returns. */
export function seenDirectories(meta: MetaStore): SeenDirectories {
  const key = (path: string) => `plugins-directory/${path}`;
  return {
    has: (path) => meta.get(key(path)) !== undefined,
    add: (path) => meta.put(key(path), 'seen'),
  };
}
