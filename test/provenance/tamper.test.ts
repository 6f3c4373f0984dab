// Every byte of a small log, changed one at a time. No fsync: copies in memory and in a temporary folder.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogRow, LogStore } from '#domain/store-ports.ts';
import { createHomeSource } from '#provenance/verify/home-source.ts';
import { createLogVerifier, type VerifyReport } from '#provenance/verify/verify-log.ts';
import { openStore } from '#store/open-store.ts';
import { fillSmallLog, fillTinyLog, makeHome, openHome, removeHome } from './fixture.ts';

let home: string;
beforeAll(async () => {
  home = makeHome();
  const { log, close } = await openHome(home);
  await fillTinyLog(log);
  await close();
});
afterAll(() => removeHome(home));

const verifyLog = createLogVerifier();

const FLIPS = [0x01, 0x20, 0x80] as const;

/** A working copy of the database that can be changed and put back, without an fsync. */
function openCopy() {
  const copy = makeHome();
  cpSync(home, copy, { recursive: true });
  const file = join(copy, 'smcp.db');
  const raw = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  raw.exec('PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON');
  const store = openStore(file, { readOnly: true });
  return {
    copy,
    raw,
    verify: (): VerifyReport => verifyLog({ ...createHomeSource(store, copy), close: () => {} }),
    [Symbol.dispose]: () => {
      store.close();
      raw.close();
      removeHome(copy);
    },
  };
}

/** Changes each byte of one column of each row, as SQLite stores it, and verifies; every change must be found. */
function flipColumn(table: string, key: string, column: string, recordOf: (key: number) => number): number {
  using copied = openCopy();
  const { raw, verify } = copied;
  const rows = raw.prepare(
    `SELECT ${key} AS key, typeof(${column}) AS type, CAST(${column} AS BLOB) AS bytes FROM ${table} WHERE ${column} IS NOT NULL`,
  );
  let flips = 0;
  for (const row of rows.all()) {
    const original = Buffer.from(row['bytes'] as Uint8Array);
    const type = row['type'] === 'text' ? 'TEXT' : 'BLOB';
    const update = raw.prepare(`UPDATE ${table} SET ${column} = CAST(? AS ${type}) WHERE ${key} = ?`);
    for (let at = 0; at < original.length; at += 1) {
      const changed = Buffer.from(original);
      changed[at] = (changed[at] ?? 0) ^ (FLIPS[at % FLIPS.length] ?? 1);
      update.run(changed, Number(row['key']));
      const report = verify();
      if (report.ok || report.firstProblem?.index !== recordOf(Number(row['key']))) {
        throw new Error(`${table}.${column} of ${row['key']}, byte ${at}: ${JSON.stringify(report)}`);
      }
      flips += 1;
    }
    update.run(original, Number(row['key']));
  }
  expect(verify()).toMatchObject({ ok: true, entries: 3, checkpoints: 3 });
  return flips;
}

describe('any one byte changed in the database is found, and the record named', () => {
  test('in the leaf hashes', () => {
    expect(flipColumn('leaf', 'idx', 'hash', (index) => index)).toBe(3 * 32);
  });

  test('in the checkpoints', () => {
    expect(flipColumn('checkpoint', 'size', 'note', (size) => size - 1)).toBeGreaterThan(3 * 150);
  });

  test('in the disclosure documents', () => {
    expect(flipColumn('disclosure', 'idx', 'args', (index) => index)).toBeGreaterThan(50);
    expect(flipColumn('disclosure', 'idx', 'result', (index) => index)).toBeGreaterThan(50);
  });

  test('in the columns beside the records', () => {
    expect(flipColumn('record', 'idx', 'invocation', (index) => index)).toBe(36);
    expect(flipColumn('record', 'idx', 'phase', (index) => index)).toBe(6);
  });

  test('in the records themselves', () => {
    expect(flipColumn('record', 'idx', 'envelope', (index) => index)).toBeGreaterThan(3 * 800);
  });

  test.each([
    ['record', 'idx'],
    ['leaf', 'idx'],
    ['disclosure', 'idx'],
    ['checkpoint', 'size'],
  ])('in the numbering of table %s', (table, key) => {
    using copied = openCopy();
    const { raw, verify } = copied;
    const numbers = raw
      .prepare(`SELECT ${key} AS key FROM ${table}`)
      .all()
      .map((row) => Number(row['key']));
    const move = raw.prepare(`UPDATE ${table} SET ${key} = ? WHERE ${key} = ?`);
    for (const number of numbers) {
      for (let bit = 0n; bit < 64n; bit += 1n) {
        const moved = BigInt.asIntN(64, BigInt(number) ^ (1n << bit));
        if (numbers.includes(Number(moved))) continue;
        move.run(moved, number);
        const { ok, firstProblem } = verify();
        // A record or leaf that is gone from its place is named; a number that JavaScript can't hold ends the reading at once.
        const isNamed = table === 'leaf' || (table === 'record' && Number.isSafeInteger(Number(moved)));
        const index = isNamed ? number : firstProblem?.index;
        expect({ number, bit, ok, index: firstProblem?.index }).toEqual({ number, bit, ok: false, index });
        move.run(number, moved);
      }
    }
    expect(verify().ok).toBe(true);
  });

  test('in the files beside it', () => {
    using copied = openCopy();
    for (const name of ['checkpoint', join('keys', 'log.vkey')]) {
      const file = join(copied.copy, name);
      const original = readFileSync(file);
      for (let at = 0; at < original.length; at += 1) {
        const changed = Buffer.from(original);
        changed[at] = (changed[at] ?? 0) ^ (FLIPS[at % FLIPS.length] ?? 1);
        writeFileSync(file, changed);
        expect({ name, at, ok: isSound(copied.verify) }).toEqual({ name, at, ok: false });
      }
      writeFileSync(file, original);
    }
    expect(copied.verify().ok).toBe(true);
  });
});

/** A file that is no text at all is refused when it is read, which is as good. */
function isSound(verify: () => VerifyReport): boolean {
  try {
    return verify().ok;
  } catch {
    return false;
  }
}

describe('what is not a change of a byte', () => {
  test('records and checkpoints cut off together are found by the checkpoint outside the database', () => {
    using copied = openCopy();
    copied.raw.exec(
      'DELETE FROM disclosure WHERE idx >= 2; DELETE FROM leaf WHERE idx >= 2; DELETE FROM record WHERE idx >= 2',
    );
    copied.raw.exec('DELETE FROM checkpoint WHERE size > 2');
    expect(copied.verify()).toMatchObject({ ok: false, entries: 2, firstProblem: { index: 2, code: 'LOG_BEHIND' } });
  });

  test('records without a checkpoint are found', () => {
    using copied = openCopy();
    copied.raw.exec('DELETE FROM checkpoint WHERE size = 3');
    expect(copied.verify()).toMatchObject({ ok: false, firstProblem: { index: 2, code: 'CHECKPOINT_MISSING' } });
  });

  test('an erased disclosure is allowed', () => {
    using copied = openCopy();
    copied.raw.exec('DELETE FROM disclosure');
    expect(copied.verify()).toMatchObject({ ok: true, entries: 3 });
  });

  test('two records that changed places are found', async () => {
    const other = makeHome();
    const open = await openHome(other);
    await fillSmallLog(open.log);
    await open.close();
    const store = openStore(join(other, 'smcp.db'), { readOnly: true });
    const swapped = (index: number) => (index === 6 ? 7 : index === 7 ? 6 : index);
    const log: LogStore = {
      ...store.log,
      row: (index): LogRow | undefined => {
        const row = store.log.row(swapped(index));
        return row === undefined ? undefined : { ...row, index };
      },
    };
    const verify = (from: LogStore) => verifyLog(createHomeSource({ log: from, close: store.close }, other));
    expect(verify(log)).toMatchObject({ ok: false, firstProblem: { index: 7, code: 'TREE_MISMATCH' } });
    expect(verify(store.log)).toMatchObject({ ok: true, entries: 9, checkpoints: 6 });
    store.close();
    removeHome(other);
  });
});
