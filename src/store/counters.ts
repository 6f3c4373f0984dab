// Counters of limits behind their port. They are written in the commits of the log, so that a call that is counted costs no fsync of its
// own, and is on disk exactly when its record is.

import type { CounterRow, CounterStore } from '#domain/store-ports.ts';
import { type Database, numberOf, textOf } from './sqlite.ts';

export type Counters = CounterStore & {
  /** Writes what waits, within a transaction of the caller's. */
  readonly write: () => void;
  /** That transaction is on disk: what it wrote waits no more. */
  readonly written: () => void;
  /** Writes what waits in a transaction of its own. */
  readonly flush: () => void;
};

/** Rows by key. **Trust:** nobody else writes the table while the home's lock is held. */
export function createCounters(database: Database): Counters {
  const put = database.prepare('INSERT OR REPLACE INTO counter (key, window_ms, per_ms, used) VALUES (?, ?, ?, ?)');
  const list = database.prepare('SELECT * FROM counter');
  const prune = database.prepare('DELETE FROM counter WHERE window_ms + per_ms < ?');
  const waiting = new Map<string, CounterRow>();
  let underWay: readonly CounterRow[] = [];

  const write = () => {
    underWay = [...waiting.values()];
    for (const { key, windowMs, perMs, used } of underWay) put.run(key, windowMs, perMs, used);
  };
  /** What was put again meanwhile waits on. */
  const written = () => {
    for (const row of underWay) if (waiting.get(row.key) === row) waiting.delete(row.key);
    underWay = [];
  };
  return {
    put: (row) => void waiting.set(row.key, row),
    list: () =>
      list.all().map((row) => ({
        key: textOf(row, 'key'),
        windowMs: numberOf(row, 'window_ms'),
        perMs: numberOf(row, 'per_ms'),
        used: numberOf(row, 'used'),
      })),
    prune: (beforeMs) => void prune.run(beforeMs),
    write,
    written,
    flush: () => {
      if (waiting.size === 0) return;
      database.transaction(write);
      written();
    },
  };
}
