// Folders and databases that were made to hold the verifier up, or to look like a home of this machine. Each is opened in
// a process of its own, so that one that hangs fails its test and not the run.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportLog } from '#provenance/export.ts';
import { asExportSource, fillSmallLog, makeHome, openHome, removeHome } from './fixture.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const WAIT_MS = 300_000;

let root: string;
let home: string;
let folder: string;
beforeAll(async () => {
  root = makeHome();
  home = join(root, 'home');
  folder = join(root, 'export');
  const { log, close } = await openHome(home);
  await fillSmallLog(log);
  await exportLog(asExportSource(log), folder);
  await close();
});
afterAll(() => removeHome(root));

/** `smcp log verify`; a signal is what a verifier that hangs ends with. */
function verify(directory: string, ...options: string[]) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [join(MAIN, '..', 'smcp.js'), 'log', 'verify', directory, '--json', ...options],
    { encoding: 'utf8', timeout: WAIT_MS, killSignal: 'SIGKILL', env: { PATH: process.env['PATH'] }, cwd: root },
  );
  return { status, signal, stdout, stderr };
}

let copies = 0;
function copyOf(original: string): string {
  copies += 1;
  const copy = join(root, `copy-${copies}`);
  cpSync(original, copy, { recursive: true });
  return copy;
}

function replaceBy(path: string, what: 'a pipe' | 'an endless device'): void {
  rmSync(path, { force: true });
  if (what === 'a pipe') execFileSync('mkfifo', [path]);
  else symlinkSync('/dev/zero', path);
}

describe('what is no plain file is refused at once', () => {
  test.each<[string, string, 'a pipe' | 'an endless device']>([
    ['an export', 'checkpoint', 'a pipe'],
    ['an export', 'checkpoint', 'an endless device'],
    ['an export', 'log.vkey', 'a pipe'],
    ['an export', 'keys.json', 'a pipe'],
    ['an export', 'records/3.dsse.json', 'a pipe'],
    ['an export', 'tile/entries/000.p/9', 'an endless device'],
    ['a home', 'checkpoint', 'a pipe'],
    ['a home', 'keys/log.vkey', 'an endless device'],
    ['a home', 'smcp.db', 'a pipe'],
    ['a home', 'smcp.db-wal', 'a pipe'],
  ])('in %s, with %s as %s', (place, name, what) => {
    const copy = copyOf(place === 'a home' ? home : folder);
    replaceBy(join(copy, name), what);
    const { status, signal } = verify(copy);
    expect({ signal, isRefused: [2, 4].includes(status ?? -1) }).toEqual({ signal: null, isRefused: true });
  });
});

describe('a database that is a program is refused before it runs', () => {
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n)';
  test.each([
    [
      'a view in the place of a table',
      `ALTER TABLE record RENAME TO kept; CREATE VIEW record AS ${endless} SELECT i AS idx, '' AS envelope, '' AS invocation, '' AS phase FROM n WHERE i < 0`,
    ],
    ['a view beside the tables', `CREATE VIEW more AS ${endless} SELECT i FROM n`],
    ['a trigger', 'CREATE TRIGGER more AFTER INSERT ON meta BEGIN DELETE FROM record; END'],
    [
      'a table without its rules',
      'CREATE TABLE other (size INTEGER PRIMARY KEY, note TEXT); INSERT INTO other SELECT * FROM checkpoint; DROP TABLE checkpoint; ALTER TABLE other RENAME TO checkpoint',
    ],
    ['an index less', 'DROP INDEX record_by_invocation'],
    ['a value of 64 MiB', "UPDATE disclosure SET args = printf('%.*c', 67108864, 'x')"],
    ['an envelope over its bound', "UPDATE record SET envelope = printf('%.*c', 70000, 'x') WHERE idx = 3"],
  ])('%s', (_title, sql) => {
    const copy = copyOf(home);
    const database = new DatabaseSync(join(copy, 'smcp.db'), { enableForeignKeyConstraints: false });
    database.exec(sql);
    database.close();
    const { status, signal, stdout } = verify(copy);
    expect({ status, signal }).toEqual({ status: 4, signal: null });
    expect(stdout).toMatch(/STORAGE_DAMAGED/);
  });

  test.each([
    [7, 'start the server on it once'],
    [99, 'use that release'],
  ])('and one that says it is of schema %i is not verified, but not called damaged either', (version, remedy) => {
    const copy = copyOf(home);
    const database = new DatabaseSync(join(copy, 'smcp.db'));
    database.exec(`DROP TABLE notice; PRAGMA user_version = ${version}`);
    database.close();
    const { status, stdout, stderr } = verify(copy);
    expect(status).toBe(2);
    expect(`${stdout}${stderr}`).toContain('HOME_INVALID');
    expect(`${stdout}${stderr}`).toContain(remedy);
  });

  test('pages that are shared, so that counting their rows would take for ever though each row is found at once', () => {
    const copy = copyOf(home);
    const file = join(copy, 'smcp.db');
    const database = new DatabaseSync(file);
    const schema = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'leaf'").get();
    database.close();
    share(file, Number(schema?.['rootpage']));
    const { status, signal, stdout } = verify(copy);
    expect({ status, signal }).toEqual({ status: 4, signal: null });
    expect(stdout).toContain('not in order');
  });

  test('a schema that goes on past the first page', () => {
    const copy = copyOf(home);
    share(join(copy, 'smcp.db'), 1);
    const { status, signal, stdout } = verify(copy);
    expect({ status, signal }).toEqual({ status: 4, signal: null });
    expect(stdout).toContain('larger than this release makes it');
  });
});

const CHILDREN = 100;
const LEVELS = 7;
/** The first page begins with the header of the file. */
const startOf = (page: number, pageBytes: number) => (page - 1) * pageBytes + (page === 1 ? 100 : 0);

/** Puts above the leaf page of a table inner pages, each of which names the next one many times: 100^7 ways to the leaf. */
function share(file: string, root: number): void {
  const original = readFileSync(file);
  const pageBytes = original.readUInt16BE(16);
  const pages = original.length / pageBytes;
  const bytes = Buffer.concat([original, Buffer.alloc(LEVELS * pageBytes)]);
  const leaf = pages + LEVELS;
  const inner = [root, ...Array.from({ length: LEVELS - 1 }, (_none, level) => pages + 1 + level)];
  original.copy(bytes, startOf(leaf, pageBytes), startOf(root, pageBytes), root * pageBytes);
  for (const [level, page] of inner.entries()) {
    const child = inner[level + 1] ?? leaf;
    const start = startOf(page, pageBytes);
    const content = page * pageBytes - CHILDREN * 5;
    bytes.fill(0, start, page * pageBytes);
    bytes[start] = 5;
    bytes.writeUInt16BE(CHILDREN, start + 3);
    bytes.writeUInt16BE(content % pageBytes, start + 5);
    bytes.writeUInt32BE(child, start + 8);
    for (let cell = 0; cell < CHILDREN; cell += 1) {
      const at = content + cell * 5;
      bytes.writeUInt16BE(at % pageBytes, start + 12 + cell * 2);
      bytes.writeUInt32BE(child, at);
      bytes[at + 4] = cell + 10;
    }
  }
  bytes.writeUInt32BE(leaf, 28);
  writeFileSync(file, bytes);
}

describe('a home is pinned', () => {
  const trustOf = ({ stdout }: ReturnType<typeof verify>) => JSON.parse(stdout);

  test('when it is the one that the command line means and has the private key', () => {
    expect(trustOf(verify(home, '--home', home))).toMatchObject({ ok: true, trust: 'pinned', entries: 9 });
    const link = join(root, 'link');
    symlinkSync(home, link);
    expect(trustOf(verify(link, '--home', home))).toMatchObject({ ok: true, trust: 'pinned' });
  });

  test('with a key from elsewhere', () => {
    const key = join(home, 'keys', 'log.vkey');
    expect(trustOf(verify(copyOf(home), '--key', key))).toMatchObject({ ok: true, trust: 'pinned' });
  });

  test('and never because it looks like one', () => {
    const copy = copyOf(home);
    for (const result of [verify(copy), verify(copy, '--home', home)]) {
      expect(trustOf(result)).toMatchObject({ ok: true, trust: 'self' });
      expect(result.stderr).toContain('cannot vouch for itself');
    }
  });

  test.each([
    ['has no private key', (copy: string) => rmSync(join(copy, 'keys', 'log.pem'))],
    [
      'has another private key',
      (copy: string) => cpSync(join(copy, 'keys', 'record.pem'), join(copy, 'keys', 'log.pem')),
    ],
    ['has one that others can read', (copy: string) => execFileSync('chmod', ['644', join(copy, 'keys', 'log.pem')])],
  ])('nor when it %s, though the command line means it', (_title, change) => {
    const copy = copyOf(home);
    change(copy);
    expect(trustOf(verify(copy, '--home', copy))).toMatchObject({ ok: true, trust: 'self' });
  });
});
