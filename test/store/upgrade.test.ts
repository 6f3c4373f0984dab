import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SCHEMA_VERSION } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';

const SCHEMA_7 = readFileSync(join(import.meta.dirname, 'schema-7.sql'), 'utf8');

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'smcp-upgrade-'));
  file = join(home, 'smcp.db');
  const database = new DatabaseSync(file);
  database.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = WAL');
  database.exec(SCHEMA_7);
  database.close();
  chmodSync(file, 0o600);
});
afterEach(() => rmSync(home, { recursive: true }));

function objectsOf(path: string): readonly unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all();
  } finally {
    database.close();
  }
}

describe('a database of an earlier release', () => {
  test('keeps what it held when this one opens it: tokens take nothing away, what was used stays used', () => {
    const store = openStore(file);
    expect(store.tokens.list()).toMatchObject([
      { id: '0487ffc25bf7ef3d', revokedMs: 1796046026851 },
      { id: 'd92e4734a5402fcf', expiresMs: 1798638073989 },
    ]);
    expect(store.tokens.list().some((row) => 'rights' in row)).toBe(false);
    expect(store.approvals.list()).toMatchObject([{ id: '74e520da903afd8a' }]);
    expect(store.approvals.argsJson('74e520da903afd8a')).toBe('{"a":1,"b":2,"operation":"add"}');
    expect(store.freezes.list()).toMatchObject([{ scope: { kind: 'agent', name: 'demo' }, by: 'admin' }]);
    expect(store.secrets.list().map(({ name }) => name)).toEqual(['demo_key']);
    expect(store.counters.list()).toMatchObject([{ key: 'id:text calls 86400000 demo', used: 5 }]);
    store.close();
  });

  test('has the same tables afterwards as one that was made today, which is what its log is verified by', () => {
    openStore(file).close();
    const fresh = join(home, 'fresh.db');
    openStore(fresh).close();
    expect(objectsOf(file)).toEqual(objectsOf(fresh));
  });

  test('is left as it is by who only reads', () => {
    const before = objectsOf(file);
    expect(() => openStore(file, { readOnly: true })).toThrow(
      expect.objectContaining({
        code: 'HOME_INVALID',
        message: expect.stringContaining(`has schema 7, this release reads ${SCHEMA_VERSION}`),
      }),
    );
    expect(objectsOf(file)).toEqual(before);
  });
});
