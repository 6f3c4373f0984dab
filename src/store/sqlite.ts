// The adapter over node:sqlite. Only src/store calls it; what leaves it are plain values and SmcpErrors. (The verifier looks
// at a database of unknown origin by itself, before any of this touches it: provenance/verify/check-database.ts.)
// node:sqlite names its class DatabaseSync today; a later Node that renames it changes this file alone.

import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { asSmcpError, SmcpError, systemErrorCode } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';
import { createWalSync } from './wal-sync.ts';

export type SqlValue = string | number | Uint8Array | null;
export type SqlRow = { readonly [column: string]: SqlValue };

/**
 * Prepared SQL. Every method throws `LOG_TAMPERED` where the file is damaged, `LOG_UNAVAILABLE` where it can't be used and
 * `INTERNAL`, before anything is done, for a number that is no safe integer.
 */
export type Statement = {
  /** The number of rows changed. */
  readonly run: (...values: SqlValue[]) => number;
  readonly get: (...values: SqlValue[]) => SqlRow | undefined;
  readonly all: (...values: SqlValue[]) => readonly SqlRow[];
};

export type Database = {
  readonly exec: (sql: string) => void;
  readonly prepare: (sql: string) => Statement;
  /** Runs `work` in one transaction. **Durability:** on disk when it returns; none of it when it throws. */
  readonly transaction: (work: () => void) => void;
  /**
   * Runs `work` in one transaction of a database in WAL mode. It is done, or thrown out whole, when this returns.
   * **Durability:** on disk when the promise resolves; when it rejects, that is not known.
   */
  readonly transactionThenSync: (work: () => void) => Promise<void>;
  readonly close: () => void;
};

/** SQLite's primary result codes that mean something to us. **Source:** sqlite.org/rescode.html */
const RESULT = { busy: 5, corrupt: 11, cantOpen: 14, notADatabase: 26 } as const;

function resultOf(thrown: unknown): number | undefined {
  const code = (thrown as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** True when another connection holds a lock that was needed. */
export function isBusy(thrown: unknown): boolean {
  return thrown instanceof SmcpError ? isBusy(thrown.cause) : resultOf(thrown) === RESULT.busy;
}

/** True when the file is not there, or can't be opened. */
export function isCantOpen(thrown: unknown): boolean {
  return thrown instanceof SmcpError ? isCantOpen(thrown.cause) : resultOf(thrown) === RESULT.cantOpen;
}

function asStoreError(cause: unknown): SmcpError {
  if (cause instanceof SmcpError) return cause;
  const result = resultOf(cause);
  const isDamage =
    result === RESULT.corrupt || result === RESULT.notADatabase || systemErrorCode(cause) === 'ERR_OUT_OF_RANGE';
  if (isDamage) {
    return new SmcpError('LOG_TAMPERED', 'the database is damaged', {
      cause,
      details: { remedy: 'keep the file as evidence and put back a backup' },
    });
  }
  return result === undefined ? asSmcpError(cause) : unusable(cause);
}

function unusable(cause: unknown): SmcpError {
  return new SmcpError('LOG_UNAVAILABLE', 'the database could not be used', {
    cause,
    details: { remedy: 'check the disk (space, permissions) and start again' },
  });
}

const guarded =
  <Args extends unknown[], Result>(work: (...args: Args) => Result) =>
  (...args: Args): Result => {
    try {
      return work(...args);
    } catch (thrown) {
      throw asStoreError(thrown);
    }
  };

/** A number that could not be read back as it was would make the row, and then the home, unreadable. */
function checked(values: readonly SQLInputValue[]): readonly SQLInputValue[] {
  for (const value of values) {
    if (typeof value === 'number') invariant(Number.isSafeInteger(value), `${value} can be stored`);
  }
  return values;
}

/** `checkWritable` throws where nothing may be written any more. */
function asStatement(statement: StatementSync, checkWritable: () => void): Statement {
  return {
    run: guarded((...values: SQLInputValue[]) => {
      checkWritable();
      return Number(statement.run(...checked(values)).changes);
    }),
    get: guarded((...values: SQLInputValue[]) => statement.get(...checked(values)) as SqlRow | undefined),
    all: guarded((...values: SQLInputValue[]) => statement.all(...checked(values)) as SqlRow[]),
  };
}

/**
 * Opens an SQLite file.
 *
 * @param options.busyMs how long to wait for another connection's lock.
 */
export function openDatabase(file: string, options: { readonly readOnly: boolean; readonly busyMs: number }): Database {
  const database = guarded(() => new DatabaseSync(file, { readOnly: options.readOnly, timeout: options.busyMs }))();
  const wal = createWalSync(file);
  // Behind frames that may be lost, whatever is written later may be lost with them.
  const checkWritable = () => {
    const cause = wal.failure();
    if (cause !== undefined) throw unusable(cause);
  };
  const synchronous = guarded((mode: 'NORMAL' | 'FULL') => database.exec(`PRAGMA synchronous = ${mode}`));
  const transaction = guarded((work: () => void) => {
    checkWritable();
    database.exec('BEGIN IMMEDIATE');
    try {
      work();
      database.exec('COMMIT');
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw thrown;
    }
  });
  return {
    exec: guarded((sql: string) => database.exec(sql)),
    prepare: (sql) => asStatement(guarded(() => database.prepare(sql))(), checkWritable),
    transaction,
    transactionThenSync: async (work) => {
      // NORMAL writes the same frames as FULL and leaves their fsync to us; every other commit goes on to wait for its own.
      synchronous('NORMAL');
      try {
        transaction(work);
      } finally {
        synchronous('FULL');
      }
      await wal.sync().catch((cause: unknown) => {
        throw unusable(cause);
      });
    },
    close: () => {
      wal.close();
      if (database.isOpen) database.close();
    },
  };
}

/** A text column. @throws `LOG_TAMPERED` when it is of another type. */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw damaged(column);
  return value;
}

/** An integer column. @throws `LOG_TAMPERED` when it is of another type. */
export function numberOf(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw damaged(column);
  return value;
}

/** A blob column. @throws `LOG_TAMPERED` when it is of another type. */
export function bytesOf(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw damaged(column);
  return value;
}

function damaged(column: string): SmcpError {
  return new SmcpError('LOG_TAMPERED', `column ${column} holds a value of another type`);
}
