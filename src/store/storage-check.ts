// Damage of the database file that reading single rows would not show. Used by the log's verifier through LogStore.check.

import { asSmcpError } from '#base/errors.ts';
import { type Database, numberOf, type SqlRow } from './sqlite.ts';

export type StorageProblem = { readonly index: number; readonly message: string };

/** Everything wrong with the log's tables as tables; `[]` when nothing is. Reads the whole file. */
export function checkStorage(database: Database): readonly StorageProblem[] {
  try {
    return [
      ...structure(database),
      ...numbering(database, 'record'),
      ...numbering(database, 'leaf'),
      ...orphans(database),
    ];
  } catch (thrown) {
    return [{ index: -1, message: asSmcpError(thrown).message }];
  }
}

function structure(database: Database): StorageProblem[] {
  return database
    .prepare('PRAGMA integrity_check(1)')
    .all()
    .map((row) => String(row['integrity_check']))
    .filter((answer) => answer !== 'ok')
    .map((answer) => ({ index: -1, message: `the database is damaged: ${answer}` }));
}

/** Numbered from 0 without gaps means: the lowest is 0 and the highest is the count less one. */
function numbering(database: Database, table: 'record' | 'leaf'): StorageProblem[] {
  const total: SqlRow =
    database.prepare(`SELECT count(*) AS rows, (SELECT count(*) FROM record) AS records FROM ${table}`).get() ?? {};
  const rows = numberOf(total, 'rows');
  const records = numberOf(total, 'records');
  const outside =
    database.prepare(`SELECT count(*) AS rows FROM ${table} WHERE idx < 0 OR idx >= ?`).get(records) ?? {};
  if (rows === records && numberOf(outside, 'rows') === 0) return [];
  return [{ index: -1, message: `table ${table} is not numbered from 0 without gaps` }];
}

function orphans(database: Database): StorageProblem[] {
  return database
    .prepare('SELECT idx FROM disclosure WHERE idx NOT IN (SELECT idx FROM record)')
    .all()
    .map((row) => ({ index: numberOf(row, 'idx'), message: 'a disclosure document belongs to no record' }));
}
