import { execFileSync } from 'node:child_process';
import fs, { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogRow } from '#domain/store-ports.ts';
import { pragmaNumber } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { openDatabase } from '#store/sqlite.ts';

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'smcp-store-'));
  file = join(home, 'smcp.db');
});
afterEach(() => rmSync(home, { recursive: true }));

function rowAt(index: number, parts: Partial<LogRow> = {}): LogRow {
  const leaf = new Uint8Array(32).fill(index);
  return { index, envelope: `{"payload":"${index}"}`, leaf, invocation: '', phase: '', disclosed: {}, ...parts };
}

function refusal(code: string, message = '') {
  return expect.objectContaining({ code, message: expect.stringContaining(message) });
}

describe('a new database', () => {
  test('is in WAL mode with pages of 8192 bytes and mode 0600', () => {
    openStore(file).close();
    const raw = new DatabaseSync(file);
    expect(raw.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(raw.prepare('PRAGMA page_size').get()).toEqual({ page_size: 8192 });
    expect(raw.prepare('PRAGMA user_version').get()).toEqual({ user_version: 13 });
    raw.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('has an empty log', () => {
    const { log, close } = openStore(file);
    expect([log.size(), log.row(0), log.checkpoint(), log.openIntents(), [...log.checkpoints()], log.check()]).toEqual([
      0,
      undefined,
      undefined,
      [],
      [],
      [],
    ]);
    close();
  });
});

describe('an existing database', () => {
  test('is opened again with what it held', async () => {
    const first = openStore(file);
    await first.log.commit([rowAt(0)], 'note 1');
    first.meta.put('k', 'v');
    first.close();
    const second = openStore(file);
    expect(second.log.row(0)).toEqual(rowAt(0));
    expect(second.meta.get('k')).toBe('v');
    second.close();
  });

  test('of a newer release is refused, and so is another program’s', () => {
    openStore(file).close();
    const raw = new DatabaseSync(file);
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    expect(() => openStore(file)).toThrow(refusal('HOME_INVALID', 'newer release'));
    expect(() => openStore(file, { readOnly: true })).toThrow(refusal('HOME_INVALID', 'newer release'));

    const foreign = join(home, 'foreign.db');
    const other = new DatabaseSync(foreign);
    other.exec('CREATE TABLE theirs (x)');
    other.close();
    expect(() => openStore(foreign)).toThrow(refusal('HOME_INVALID', 'not a database of this product'));
  });

  test('that is no SQLite file is called damaged', () => {
    writeFileSync(file, 'not a database, but long enough to be taken for one by its size alone'.repeat(20), {
      mode: 0o600,
    });
    expect(() => openStore(file)).toThrow(refusal('LOG_TAMPERED'));
  });

  test('that is a link, or can be written by others, is refused', () => {
    openStore(file).close();
    chmodSync(file, 0o620);
    expect(() => openStore(file)).toThrow(refusal('HOME_UNSAFE', 'written by other users'));
    chmodSync(file, 0o600);
    const link = join(home, 'link.db');
    symlinkSync(file, link);
    expect(() => openStore(link)).toThrow(refusal('HOME_UNSAFE', 'symbolic link'));
  });
});

describe('opened read-only', () => {
  test('a missing file is refused and not made', () => {
    expect(() => openStore(file, { readOnly: true })).toThrow(refusal('HOME_INVALID'));
    expect(() => statSync(file)).toThrow();
  });

  test('it reads beside a writer, sees its commits and can write nothing', async () => {
    const writer = openStore(file);
    const reader = openStore(file, { readOnly: true });
    await writer.log.commit([rowAt(0)], 'note 1');
    expect(reader.log.size()).toBe(1);
    await writer.log.commit([rowAt(1)], 'note 2');
    expect(reader.log.checkpoint()).toBe('note 2');
    expect(() => reader.meta.put('k', 'v')).toThrow(refusal('LOG_UNAVAILABLE'));
    reader.close();
    writer.close();
  });

  test('it reads from another process while the writer has it open', async () => {
    const writer = openStore(file);
    await writer.log.commit([rowAt(0), rowAt(1)], 'note 2');
    const script = `import { pragmaNumber } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { openDatabase } from '#store/sqlite.ts';
      const store = openStore(process.argv[1], { readOnly: true });
      process.stdout.write(String(store.log.size()));`;
    const answer = execFileSync(process.execPath, ['--input-type=module', '-e', script, file], { encoding: 'utf8' });
    expect(answer).toBe('2');
    writer.close();
  });
});

describe('the log', () => {
  test('commits rows and their checkpoint, or none of it', async () => {
    const { log, close } = openStore(file);
    await log.commit([rowAt(0), rowAt(1, { disclosed: { args: 'a', result: 'ü\ufeff' } })], 'note 2');
    expect(log.row(1)).toEqual(rowAt(1, { disclosed: { args: 'a', result: 'ü\ufeff' } }));
    await expect(log.commit([rowAt(2), rowAt(4)], 'note 4')).rejects.toThrow(refusal('INTERNAL', 'invariant'));
    const badLeaf = log.commit([rowAt(2, { leaf: new Uint8Array(31) })], 'note 3');
    await expect(badLeaf).rejects.toThrow(refusal('LOG_UNAVAILABLE'));
    expect([log.size(), log.checkpoint(), log.row(2)]).toEqual([2, 'note 2', undefined]);
    await log.commit([rowAt(2)], 'note 3');
    expect([...log.checkpoints()]).toEqual([
      { size: 2, note: 'note 2' },
      { size: 3, note: 'note 3' },
    ]);
    expect(log.leaves(1, 9)).toEqual([rowAt(1).leaf, rowAt(2).leaf]);
    close();
  });

  test('is on disk when a commit resolves, and only then', async () => {
    const { log, close } = openStore(file);
    await log.commit([rowAt(0)], 'note 1');
    const synced = Promise.withResolvers<void>();
    const paths: string[] = [];
    const spy = vi.spyOn(fs, 'fdatasync').mockImplementation((descriptor, done) => {
      paths.push(fs.readlinkSync(`/proc/self/fd/${descriptor}`));
      synced.promise.then(() => done(null), done);
    });
    syncBuiltinESMExports();
    try {
      let isDone = false;
      const committed = log.commit([rowAt(1)], 'note 2').then(() => {
        isDone = true;
      });
      await expect.poll(() => paths).toEqual([`${file}-wal`]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect([isDone, paths]).toEqual([false, [`${file}-wal`]]);
      synced.resolve();
      await committed;
      spy.mockImplementation((_descriptor, done) => done(Object.assign(new Error('EIO'), { code: 'EIO' })));
      await expect(log.commit([rowAt(2)], 'note 3')).rejects.toThrow(refusal('LOG_UNAVAILABLE'));
    } finally {
      spy.mockRestore();
      syncBuiltinESMExports();
    }
    close();
  });

  test.each([
    ['was done', () => {}],
    [
      'threw',
      () => {
        throw new Error('no');
      },
    ],
  ])('leaves every other commit to wait for the disk by itself, when its own %s', async (_how, work) => {
    openStore(file).close();
    const database = openDatabase(file, { readOnly: false, busyMs: 0 });
    await database.transactionThenSync(work).catch(() => {});
    expect(pragmaNumber(database, 'synchronous')).toBe(2);
    database.close();
  });

  test('finds the records of an invocation and the intents that nothing closes', async () => {
    const { log, close } = openStore(file);
    const phases = [
      ['a', 'intent'],
      ['b', 'intent'],
      ['a', 'outcome'],
      ['c', 'outcome'],
      ['', ''],
    ] as const;
    const rows = phases.map(([invocation, phase], index) => rowAt(index, { invocation, phase }));
    await log.commit(rows, 'note');
    expect(log.findInvocation('a')).toEqual([0, 2]);
    expect(log.findInvocation('')).toEqual([]);
    expect(log.openIntents()).toEqual([1]);
    close();
  });

  test.each([
    ['a leaf is missing', 'DELETE FROM leaf WHERE idx = 1'],
    ['a record is renumbered', 'UPDATE record SET idx = 7 WHERE idx = 1'],
    ['a disclosure belongs to nothing', "INSERT INTO disclosure (idx, args) VALUES (9, 'x')"],
    ['a check is broken', "PRAGMA ignore_check_constraints = ON; INSERT INTO checkpoint VALUES (-1, 'x')"],
  ])('its check tells when %s', async (_title, sql) => {
    const { log, close } = openStore(file);
    await log.commit([rowAt(0), rowAt(1)], 'note 2');
    expect(log.check()).toEqual([]);
    const raw = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    raw.exec(sql);
    raw.close();
    expect(log.check()).not.toEqual([]);
    close();
  });
});
