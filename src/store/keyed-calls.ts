// Calls under idempotency keys behind their port. Each write is one durable transaction.

import type { KeyedCall, KeyedCallStore } from '#domain/store-ports.ts';
import { type Database, numberOf, type SqlRow, textOf } from './sqlite.ts';

/** Rows by agent, tool and key. */
export function createKeyedCallStore(database: Database): KeyedCallStore {
  const find = database.prepare('SELECT * FROM keyed_call WHERE agent = ? AND tool = ? AND key = ?');
  const put = database.prepare(
    `INSERT OR REPLACE INTO keyed_call (agent, tool, key, args_digest, invocation, created_ms, outcome)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const settle = database.prepare('UPDATE keyed_call SET outcome = ? WHERE agent = ? AND tool = ? AND key = ?');
  const remove = database.prepare('DELETE FROM keyed_call WHERE agent = ? AND tool = ? AND key = ?');
  const usage = database.prepare(
    'SELECT count(*) AS count, coalesce(sum(length(outcome)), 0) AS bytes FROM keyed_call WHERE agent = ?',
  );
  const prune = database.prepare('DELETE FROM keyed_call WHERE created_ms < ?');
  return {
    find: (agent, tool, key) => {
      const row = find.get(agent, tool, key);
      return row === undefined ? undefined : asKeyedCall(row);
    },
    put: ({ agent, tool, key, argsDigest, invocation, createdMs, outcomeJson }) => {
      put.run(agent, tool, key, argsDigest, invocation, createdMs, outcomeJson ?? null);
    },
    settle: ({ agent, tool, key }, outcomeJson) => {
      settle.run(outcomeJson, agent, tool, key);
    },
    remove: ({ agent, tool, key }) => {
      remove.run(agent, tool, key);
    },
    usage: (agent) => {
      const row = usage.get(agent) ?? {};
      return { count: numberOf(row, 'count'), bytes: numberOf(row, 'bytes') };
    },
    prune: (beforeMs) => {
      prune.run(beforeMs);
    },
  };
}

function asKeyedCall(row: SqlRow): KeyedCall {
  return {
    agent: textOf(row, 'agent'),
    tool: textOf(row, 'tool'),
    key: textOf(row, 'key'),
    argsDigest: textOf(row, 'args_digest') as KeyedCall['argsDigest'],
    invocation: textOf(row, 'invocation'),
    createdMs: numberOf(row, 'created_ms'),
    ...(row['outcome'] === null ? {} : { outcomeJson: textOf(row, 'outcome') }),
  };
}
