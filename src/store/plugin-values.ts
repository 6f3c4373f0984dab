// What plugins keep, behind its port: values by plugin, agent and key. A write's fsync is waited for off the host's thread,
// shared with those of the log.

import type { PluginStore } from '#domain/store-ports.ts';
import { type Database, numberOf, textOf } from './sqlite.ts';

/** Rows by plugin, agent and key. **Trust:** nobody else writes the table while the home's lock is held. */
export function createPluginValues(database: Database): PluginStore {
  const get = database.prepare('SELECT json FROM plugin_value WHERE plugin = ? AND agent = ? AND key = ?');
  const put = database.prepare('INSERT OR REPLACE INTO plugin_value (plugin, agent, key, json) VALUES (?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM plugin_value WHERE plugin = ? AND agent = ? AND key = ?');
  // Of all others of the owner. `length` of a text would count characters.
  const others = database.prepare(
    `SELECT coalesce(sum(octet_length(key) + octet_length(json)), 0) AS bytes FROM plugin_value
     WHERE plugin = ? AND agent = ? AND key <> ?`,
  );
  // `substr` compares the beginning by its characters; `LIKE` would give signs in it a meaning.
  const list = database.prepare(
    `SELECT key FROM plugin_value WHERE plugin = ?1 AND agent = ?2 AND key > ?3 AND key >= ?4
     AND substr(key, 1, length(?4)) = ?4 ORDER BY key LIMIT ?5`,
  );
  return {
    get: ({ plugin, agent }, key) => {
      const row = get.get(plugin, agent, key);
      return row === undefined ? undefined : textOf(row, 'json');
    },
    set: async ({ plugin, agent }, { key, json }, bytesMax) => {
      let fits = false;
      await database.transactionThenSync(() => {
        const bytes = numberOf(others.get(plugin, agent, key) ?? {}, 'bytes');
        fits = bytes + Buffer.byteLength(key) + Buffer.byteLength(json) <= bytesMax;
        if (fits) put.run(plugin, agent, key, json);
      });
      return fits;
    },
    delete: async ({ plugin, agent }, key) => {
      let wasThere = false;
      await database.transactionThenSync(() => {
        wasThere = remove.run(plugin, agent, key) > 0;
      });
      return wasThere;
    },
    list: ({ plugin, agent }, { prefix, after, countMax }) =>
      list.all(plugin, agent, after, prefix, countMax).map((row) => textOf(row, 'key')),
  };
}
