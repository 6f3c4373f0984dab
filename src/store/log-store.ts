// The log's tables behind the LogStore port. Rows are numbered from 0 without gaps and only ever added.
// **Trust:** whoever can write the file may have changed anything; what is read back is checked by src/provenance.

import { SmcpError } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';
import type { LogRow, LogStore } from '#domain/store-ports.ts';
import type { Counters } from './counters.ts';
import { bytesOf, type Database, numberOf, type SqlRow, textOf } from './sqlite.ts';
import { checkStorage } from './storage-check.ts';

const ROW_SQL = `
  SELECT record.envelope, record.invocation, record.phase, leaf.hash,
         CAST(disclosure.args AS BLOB) AS args, CAST(disclosure.result AS BLOB) AS result,
         CAST(disclosure.transcript AS BLOB) AS transcript,
         CAST(disclosure.statement AS BLOB) AS statement
  FROM record LEFT JOIN leaf USING (idx) LEFT JOIN disclosure USING (idx)
  WHERE record.idx = ?`;

// Both run on the index record_by_invocation alone: it holds every column they need.
const INVOCATION_SQL = `SELECT idx FROM record WHERE invocation = ? AND invocation <> '' ORDER BY idx`;
const OPEN_SQL = `
  SELECT opened.idx FROM record AS opened
  WHERE opened.phase = 'intent' AND opened.invocation <> '' AND NOT EXISTS (
    SELECT 1 FROM record AS closing
    WHERE closing.invocation = opened.invocation AND closing.invocation <> ''
      AND closing.idx > opened.idx AND closing.phase <> 'intent')
  ORDER BY opened.idx`;

// Arguments of what was announced are kept with the intent.
const CLOSING_SQL = `
  SELECT record.idx, record.envelope FROM record
  WHERE record.idx >= ? AND record.idx < ? AND record.phase NOT IN ('', 'intent') ORDER BY record.idx DESC`;
const CLOSING_WITH_ARGS_SQL = `
  SELECT record.idx, record.envelope, coalesce(own.args, (
    SELECT announced.args FROM record AS intent JOIN disclosure AS announced USING (idx)
    WHERE intent.invocation = record.invocation AND intent.invocation <> '' AND intent.phase = 'intent'
    ORDER BY intent.idx DESC LIMIT 1)) AS args
  FROM record LEFT JOIN disclosure AS own USING (idx)
  WHERE record.idx >= ? AND record.idx < ? AND record.phase NOT IN ('', 'intent') ORDER BY record.idx DESC`;

/** The log of an open database. `along`: what is written in each of its commits, too. */
export function createLogStore(
  database: Database,
  along: Pick<Counters, 'write' | 'written'> = { write: () => {}, written: () => {} },
): LogStore {
  const last = database.prepare('SELECT coalesce(max(idx), -1) AS idx FROM record');
  const addRecord = database.prepare('INSERT INTO record (idx, envelope, invocation, phase) VALUES (?, ?, ?, ?)');
  const addLeaf = database.prepare('INSERT INTO leaf (idx, hash) VALUES (?, ?)');
  const addDisclosure = database.prepare(
    'INSERT INTO disclosure (idx, args, result, transcript, statement) VALUES (?, ?, ?, ?, ?)',
  );
  const addCheckpoint = database.prepare('INSERT INTO checkpoint (size, note) VALUES (?, ?)');
  const oneRow = database.prepare(ROW_SQL);
  const leafRange = database.prepare('SELECT idx, hash FROM leaf WHERE idx >= ? AND idx < ? ORDER BY idx');
  const byInvocation = database.prepare(INVOCATION_SQL);
  const open = database.prepare(OPEN_SQL);
  const closing = database.prepare(CLOSING_SQL);
  const closingWithArgs = database.prepare(CLOSING_WITH_ARGS_SQL);
  const lastCheckpoint = database.prepare('SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1');
  const firstCheckpoint = database.prepare('SELECT size, note FROM checkpoint ORDER BY size LIMIT 1');
  const nextCheckpoint = database.prepare('SELECT size, note FROM checkpoint WHERE size > ? ORDER BY size LIMIT 1');

  const size = () => numberOf(last.get() ?? {}, 'idx') + 1;

  function insert(row: LogRow): void {
    const { args, result, transcript, statement } = row.disclosed;
    addRecord.run(row.index, row.envelope, row.invocation, row.phase);
    addLeaf.run(row.index, row.leaf);
    if ((args ?? result ?? transcript ?? statement) === undefined) return;
    addDisclosure.run(row.index, args ?? null, result ?? null, transcript ?? null, statement ?? null);
  }

  return {
    size,
    commit: async (rows, checkpoint, options) => {
      const write = () => {
        let next = size();
        for (const row of rows) {
          invariant(row.index === next, `record ${row.index} is appended where ${next} is next`);
          insert(row);
          next += 1;
        }
        addCheckpoint.run(next, checkpoint);
        along.write();
      };
      if (options?.waitsHere === true) database.transaction(write);
      else await database.transactionThenSync(write);
      along.written();
    },
    row: (index) => {
      const row = oneRow.get(index);
      return row === undefined ? undefined : asLogRow(index, row);
    },
    leaves: (from, to) => leafRange.all(from, to).map((row, offset) => leafAt(row, from + offset)),
    findInvocation: (invocation) => byInvocation.all(invocation).map((row) => numberOf(row, 'idx')),
    closings: ({ from, to, withArgs }) =>
      (withArgs ? closingWithArgs : closing).all(from, to).map((row) => ({
        index: numberOf(row, 'idx'),
        envelope: textOf(row, 'envelope'),
        ...(typeof row['args'] === 'string' ? { args: row['args'] } : {}),
      })),
    openIntents: () => open.all().map((row) => numberOf(row, 'idx')),
    checkpoint: () => {
      const row = lastCheckpoint.get();
      return row === undefined ? undefined : textOf(row, 'note');
    },
    checkpoints: function* () {
      let row = firstCheckpoint.get();
      while (row !== undefined) {
        const checkpoint = { size: numberOf(row, 'size'), note: textOf(row, 'note') };
        yield checkpoint;
        row = nextCheckpoint.get(checkpoint.size);
      }
    },
    check: () => checkStorage(database),
  };
}

function asLogRow(index: number, row: SqlRow): LogRow {
  const args = documentOf(row, 'args');
  const result = documentOf(row, 'result');
  const transcript = documentOf(row, 'transcript');
  const statement = documentOf(row, 'statement');
  return {
    index,
    envelope: textOf(row, 'envelope'),
    leaf: bytesOf(row, 'hash'),
    invocation: textOf(row, 'invocation'),
    phase: textOf(row, 'phase'),
    disclosed: {
      ...(args === undefined ? {} : { args }),
      ...(result === undefined ? {} : { result }),
      ...(transcript === undefined ? {} : { transcript }),
      ...(statement === undefined ? {} : { statement }),
    },
  };
}

/** Read as bytes: as text, bytes that are no UTF-8 would come back replaced and might pass for the original. */
function documentOf(row: SqlRow, column: string): string | undefined {
  if (row[column] === null) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesOf(row, column));
  } catch (cause) {
    throw new SmcpError('LOG_TAMPERED', `the disclosure document ${column} is not UTF-8`, { cause });
  }
}

function leafAt(row: SqlRow, expected: number): Uint8Array {
  if (numberOf(row, 'idx') !== expected) {
    throw new SmcpError('LOG_TAMPERED', `the leaf hash of record ${expected} is missing`, {
      details: { index: expected },
    });
  }
  return bytesOf(row, 'hash');
}
