// Sealed secrets, behind their port: nonce and ciphertext by name. Nothing here can open them.

import type { SecretRow, SecretStore } from '#domain/store-ports.ts';
import { bytesOf, type Database, numberOf, type SqlRow, textOf } from './sqlite.ts';

/** **Durability:** each write is on disk when it returns. */
export function createSecretStore(database: Database): SecretStore {
  const list = database.prepare('SELECT * FROM secret ORDER BY name');
  const get = database.prepare('SELECT * FROM secret WHERE name = ?');
  const remove = database.prepare('DELETE FROM secret WHERE name = ?');
  const put = database.prepare(
    'INSERT OR REPLACE INTO secret (name, version, key_id, sealed, set_ms, set_by) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return {
    list: () => list.all().map(asRow),
    get: (name) => {
      const row = get.get(name);
      return row === undefined ? undefined : asRow(row);
    },
    put: ({ name, version, keyId, sealed, setMs, by }) => {
      put.run(name, version, keyId, sealed, setMs, by);
    },
    remove: (name) => remove.run(name) > 0,
  };
}

function asRow(row: SqlRow): SecretRow {
  return {
    name: textOf(row, 'name'),
    version: numberOf(row, 'version'),
    keyId: textOf(row, 'key_id'),
    sealed: bytesOf(row, 'sealed'),
    setMs: numberOf(row, 'set_ms'),
    by: textOf(row, 'set_by'),
  };
}
