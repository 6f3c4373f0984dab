// Looks at a home's database before the log's own queries run on it. A database from elsewhere is a program: a view in
// the place of a table, a trigger or a page that is its own child could keep the first query busy for ever.
// **Trust:** the file is anyone's; `reference` is a database that this release has just made.

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

/** More than any column that the log writes: a disclosure document around its value, or a policy's text. */
const VALUE_BYTES_MAX = 2 * 1024 * 1024;
/** The kinds of value whose size is looked at: the envelope of a record is far smaller than a document. */
const COLUMNS: readonly { readonly table: string; readonly column: string; readonly bytesMax: number }[] = [
  { table: 'record', column: 'envelope', bytesMax: LIMITS.recordBytesMax },
  { table: 'record', column: 'invocation', bytesMax: LIMITS.recordBytesMax },
  { table: 'record', column: 'phase', bytesMax: LIMITS.recordBytesMax },
  { table: 'leaf', column: 'hash', bytesMax: LIMITS.recordBytesMax },
  { table: 'disclosure', column: 'args', bytesMax: VALUE_BYTES_MAX },
  { table: 'disclosure', column: 'result', bytesMax: VALUE_BYTES_MAX },
  { table: 'disclosure', column: 'transcript', bytesMax: VALUE_BYTES_MAX },
  { table: 'disclosure', column: 'statement', bytesMax: VALUE_BYTES_MAX },
  { table: 'checkpoint', column: 'note', bytesMax: LIMITS.noteBytesMax },
];

/**
 * What of the database is not as this release makes it; undefined when its queries will do what they say.
 *
 * @param file `smcp.db`. @param reference one that was made by this release, at its present schema.
 * @throws `HOME_INVALID` when it can't be opened, or says that another release made it: its log is then neither sound nor damaged.
 */
export function databaseProblem(file: string, reference: string): string | undefined {
  const odd = [file, `${file}-wal`, `${file}-shm`, `${file}-journal`].find(isOtherThanFile);
  if (odd !== undefined) return `${odd} is no plain file`;
  const larger = withFile(file, firstPageProblem) ?? withFile(`${file}-wal`, walProblem);
  if (larger !== undefined) return larger;
  const expected = withDatabase(reference, (made) => ({ objects: objectsOf(made), version: versionOf(made) }));
  return withDatabase(file, (database) => {
    try {
      if (objectsOf(database) !== expected.objects) {
        checkVersion(versionOf(database), expected.version);
        return 'the database holds other tables, views or triggers than this release makes';
      }
      return structureProblem(database) ?? sizeProblem(database);
    } catch (cause) {
      if (cause instanceof SmcpError) throw cause;
      return `the database can't be read: ${(cause as Error).message}`;
    }
  });
}

function withDatabase<Result>(file: string, work: (database: DatabaseSync) => Result): Result {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file, {
      readOnly: true,
      timeout: 5_000,
      allowExtension: false,
      defensive: true,
      enableDoubleQuotedStringLiterals: false,
      limits: { length: VALUE_BYTES_MAX, attach: 0, triggerDepth: 1 },
    });
  } catch (cause) {
    throw new SmcpError('HOME_INVALID', `${file} can't be opened`, {
      cause,
      details: { remedy: 'name a home, or a copy of one' },
    });
  }
  try {
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0');
    return work(database);
  } finally {
    database.close();
  }
}

/** Every object, by its own words. One more than is expected is enough to see that there are too many. */
function objectsOf(database: DatabaseSync): string {
  const rows = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name LIMIT 100');
  return JSON.stringify(rows.all());
}

/** As the file's header says it: a number, whatever the file is. */
function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

/** A home that no server of this release was started on yet, or that a later one was, is as it should be. */
function checkVersion(version: number, expected: number): void {
  if (version === expected) return;
  const remedy = version < expected ? 'start the server on it once, or verify with that release' : 'use that release';
  throw new SmcpError('HOME_INVALID', `the database is of another release: it has schema ${version}, not ${expected}`, {
    details: { remedy },
  });
}

/** Pages that are shared or go in circles: a walk over them need not end. Other damage is found, and named, later. */
function structureProblem(database: DatabaseSync): string | undefined {
  const answer = String(database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']);
  return answer.startsWith('*** in database') ? 'the pages of the database are not in order' : undefined;
}

function sizeProblem(database: DatabaseSync): string | undefined {
  for (const { table, column, bytesMax } of COLUMNS) {
    const long = database.prepare(`SELECT 1 FROM ${table} WHERE octet_length(${column}) > ? LIMIT 1`).get(bytesMax);
    if (long !== undefined) return `a ${column} in table ${table} is over ${bytesMax} bytes`;
  }
  return undefined;
}

function isOtherThanFile(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() === false;
}

/**
 * Closing a descriptor of a database drops this process's locks on it: so this is before it is opened here, and never in
 * the process that writes it.
 */
function withFile(file: string, check: (file: number, stats: Stats) => string | undefined): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    return systemErrorCode(cause) === 'ENOENT' ? undefined : `${file} can't be read`;
  }
  try {
    return check(descriptor, fstatSync(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

/** **Source:** sqlite.org/fileformat2.html: the first page begins with 100 bytes of header; 13 is a leaf of a table. */
const HEADER_BYTES = 100;
const TABLE_LEAF = 13;
const NOT_A_LEAF = 'the schema of the database is larger than this release makes it';

/** The schema is read when a database is opened, before anything can be asked: ours fits on the first page. */
function firstPageProblem(file: number): string | undefined {
  const page = readAt(file, 0, HEADER_BYTES + 1);
  return page[HEADER_BYTES] === TABLE_LEAF || page.length === 0 ? undefined : NOT_A_LEAF;
}

/** Of the same page as the write-ahead log has it: every frame, whether it counts or not. **Source:** fileformat2.html §4.1 */
function walProblem(file: number, { size }: Stats): string | undefined {
  const header = 32;
  const frameHeader = 24;
  const pageBytes = size < header ? 0 : readAt(file, 8, 4).readUInt32BE(0);
  if (size < header) return undefined;
  if (pageBytes < 512 || pageBytes > 65_536) return `its write-ahead log has pages of ${pageBytes} bytes`;
  for (let at = header; at < size; at += frameHeader + pageBytes) {
    const frame = readAt(file, at, frameHeader + HEADER_BYTES + 1);
    const isFirstPage = frame.length > frameHeader + HEADER_BYTES && frame.readUInt32BE(0) === 1;
    if (isFirstPage && frame[frameHeader + HEADER_BYTES] !== TABLE_LEAF) return NOT_A_LEAF;
  }
  return undefined;
}

function readAt(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(file, buffer, 0, length, position));
}
