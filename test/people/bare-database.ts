// A database of the home's shape in memory.

import { migrate } from '#store/migrations.ts';
import { type Database, openDatabase } from '#store/sqlite.ts';

export function createBareDatabase(): Database {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  return database;
}
