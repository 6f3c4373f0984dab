// Acts that wait for a signature behind their port. Their input is what the home's admin sent: a policy's text, the name of a plugin.

import type { ActStore, PendingAct } from '#domain/act-ports.ts';
import { type Database, textOf } from './sqlite.ts';

/** Rows as JSON text, in the order in which they were put. **Durability:** each write is on disk when it returns. */
export function createActStore(database: Database): ActStore {
  const list = database.prepare('SELECT act FROM pending_act ORDER BY rowid');
  const put = database.prepare('INSERT INTO pending_act (id, act) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM pending_act WHERE id = ?');
  return {
    list: () => list.all().map((row) => JSON.parse(textOf(row, 'act')) as PendingAct),
    put: (act) => void put.run(act.id, JSON.stringify(act)),
    remove: (id) => void remove.run(id),
  };
}
