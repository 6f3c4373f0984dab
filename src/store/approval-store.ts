// Requests for approval behind their port. Each write is one durable transaction: they are few, and none is used twice.

import type { ApprovalRequest, ApprovalStore } from '#domain/approval-ports.ts';
import { type Database, textOf } from './sqlite.ts';

/**
 * Requests in the order in which they were made, each as JSON text, and beside it the arguments while it may still be used.
 * **Trust:** nobody else writes the table while the home's lock is held.
 */
export function createApprovalStore(database: Database): ApprovalStore {
  const list = database.prepare('SELECT request FROM approval ORDER BY rowid');
  const put = database.prepare('INSERT INTO approval (id, request, args) VALUES (?, ?, ?)');
  const update = database.prepare('UPDATE approval SET request = ? WHERE id = ?');
  const erase = database.prepare('UPDATE approval SET args = NULL WHERE id = ?');
  const args = database.prepare('SELECT args FROM approval WHERE id = ? AND args IS NOT NULL');
  const remove = database.prepare('DELETE FROM approval WHERE id = ?');
  return {
    list: () => list.all().map((row) => JSON.parse(textOf(row, 'request')) as ApprovalRequest),
    put: (request, argsJson) => {
      put.run(request.id, JSON.stringify(request), argsJson);
    },
    update: (request) =>
      database.transaction(() => {
        update.run(JSON.stringify(request), request.id);
        if (request.endedMs !== undefined) erase.run(request.id);
      }),
    argsJson: (id) => {
      const row = args.get(id);
      return row === undefined ? undefined : textOf(row, 'args');
    },
    remove: (ids) => database.transaction(() => ids.forEach((id) => void remove.run(id))),
  };
}
