// Calls under idempotency keys behind their port. Each write is one transaction, and its fsync is waited for off the host's
// thread, shared with those of the log. What an agent keeps is counted once and then kept in memory: reading 10,000 rows for every
// call held the host's thread for 0.15 s.

import type { KeyedCall, KeyedCallStore } from '#domain/store-ports.ts';
import { type Database, numberOf, type SqlRow, textOf } from './sqlite.ts';

type Key = Pick<KeyedCall, 'agent' | 'tool' | 'key'>;
type Usage = { readonly count: number; readonly bytes: number };

const NOTHING: Usage = { count: 0, bytes: 0 };

/** Rows by agent, tool and key. **Trust:** nobody else writes the table while the home's lock is held. */
export function createKeyedCallStore(database: Database): KeyedCallStore {
  const find = database.prepare('SELECT * FROM keyed_call WHERE agent = ? AND tool = ? AND key = ?');
  const put = database.prepare(
    `INSERT OR REPLACE INTO keyed_call (agent, tool, key, args_digest, invocation, created_ms, outcome)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const settle = database.prepare('UPDATE keyed_call SET outcome = ? WHERE agent = ? AND tool = ? AND key = ?');
  const remove = database.prepare('DELETE FROM keyed_call WHERE agent = ? AND tool = ? AND key = ?');
  // Of one row, or of an agent's all. `length` would count characters, and read every one of them.
  const rowUsage = usageOver(database, 'agent = ? AND tool = ? AND key = ?');
  const agentUsage = usageOver(database, 'agent = ?');
  const prune = database.prepare('DELETE FROM keyed_call WHERE created_ms < ?');
  const known = new Map<string, Usage>();

  const usage = (agent: string): Usage => {
    const counted = known.get(agent) ?? agentUsage(agent);
    known.set(agent, counted);
    return counted;
  };

  /** Counted anew when the write failed: what it did is not known. */
  const change = async ({ agent, tool, key }: Key, write: () => void): Promise<void> => {
    const counted = () => {
      const all = usage(agent);
      const before = rowUsage(agent, tool, key);
      write();
      const after = rowUsage(agent, tool, key);
      known.set(agent, {
        count: all.count + after.count - before.count,
        bytes: all.bytes + after.bytes - before.bytes,
      });
    };
    try {
      await database.transactionThenSync(counted);
    } catch (thrown) {
      known.delete(agent);
      throw thrown;
    }
  };

  return {
    find: (agent, tool, key) => {
      const row = find.get(agent, tool, key);
      return row === undefined ? undefined : asKeyedCall(row);
    },
    put: async (call) => {
      const { agent, tool, key, argsDigest, invocation, createdMs, outcomeJson } = call;
      await change(call, () => void put.run(agent, tool, key, argsDigest, invocation, createdMs, outcomeJson ?? null));
    },
    settle: (call, outcomeJson) => change(call, () => void settle.run(outcomeJson, call.agent, call.tool, call.key)),
    remove: (call) => change(call, () => void remove.run(call.agent, call.tool, call.key)),
    usage,
    prune: (beforeMs) => {
      known.clear();
      prune.run(beforeMs);
    },
  };
}

function usageOver(database: Database, where: string): (...values: readonly string[]) => Usage {
  const statement = database.prepare(
    `SELECT count(*) AS count, coalesce(sum(octet_length(outcome)), 0) AS bytes FROM keyed_call WHERE ${where}`,
  );
  return (...values) => {
    const row = statement.get(...values);
    return row === undefined ? NOTHING : { count: numberOf(row, 'count'), bytes: numberOf(row, 'bytes') };
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
