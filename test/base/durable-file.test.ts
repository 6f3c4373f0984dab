import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFile, createFileLater, replaceFile, rewriteFile, rewriteFileLater } from '#base/durable-file.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smcp-durable-'));
  file = join(directory, 'file');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Writes 64 KiB in a process whose files may have 8 KiB; answers how it ended. */
function writeLimited(way: 'replace' | 'create' | 'once'): string {
  const script = join(import.meta.dirname, 'limited-write.ts');
  const command = 'ulimit -f 8; exec "$@"';
  return spawnSync('bash', ['-c', command, 'bash', process.execPath, script, way, file], { encoding: 'utf8' }).stdout;
}

describe('when the disk takes only a part of a file', () => {
  test('one write says nothing of it, and the file is cut off', () => {
    expect(writeLimited('once')).toBe('done');
    expect(statSync(file).size).toBeLessThan(64 * 1024);
  });

  test('a replacement fails, and the old file is whole', () => {
    writeFileSync(file, 'old');
    expect(writeLimited('replace')).toBe('EFBIG');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(directory)).toEqual(['file']);
  });

  test('a new file is not made at all', () => {
    expect(writeLimited('create')).toBe('EFBIG');
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('a new file', () => {
  test('has its text and mode, and nothing is left beside it', () => {
    createFile(file, 'text', 0o600);
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['text', 0o600]);
    expect([statSync(file).nlink, readdirSync(directory)]).toEqual([1, ['file']]);
  });

  test.each<[string, () => void]>([
    ['a file', () => writeFileSync(file, 'old')],
    ['a link to nowhere', () => symlinkSync('nowhere', file)],
  ])('is not made where %s is', (_what, arrange) => {
    arrange();
    expect(() => createFile(file, 'text', 0o600)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(readdirSync(directory)).toEqual(['file']);
  });

  test('is made where a crash left half of one under the temporary name, or somebody put a link', () => {
    const other = join(directory, 'other');
    writeFileSync(other, 'theirs');
    symlinkSync(other, `${file}.new`);
    createFile(file, 'text', 0o600);
    expect([readFileSync(file, 'utf8'), readFileSync(other, 'utf8')]).toEqual(['text', 'theirs']);
    writeFileSync(`${file}.new`, 'ha', { mode: 0o666 });
    replaceFile(file, 'again', 0o600);
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['again', 0o600]);
  });
});

test.each([0o640, 0o600, 0o444])('a file that is rewritten keeps its mode %o', (mode) => {
  writeFileSync(file, 'old');
  chmodSync(file, mode);
  const { uid, gid } = statSync(file);
  rewriteFile(file, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(statSync(file)).toMatchObject({ mode: 0o100_000 | mode, uid, gid });
});

test('a file that is rewritten keeps its text when the last check refuses, and nothing is left beside it', () => {
  writeFileSync(file, 'old');
  const check = () => {
    // Whoever checks sees the old text still, with the new one ready.
    expect(readFileSync(file, 'utf8')).toBe('old');
    throw new Error('refused');
  };
  expect(() => rewriteFile(file, 'new', check)).toThrow('refused');
  expect([readFileSync(file, 'utf8'), readdirSync(directory)]).toEqual(['old', ['file']]);
});

describe('on a thread of libuv', () => {
  test('a file is rewritten with the mode it had, and nothing is left beside it', async () => {
    writeFileSync(file, 'old', { mode: 0o640 });
    await rewriteFileLater(file, 'new');
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['new', 0o640]);
    expect(readdirSync(directory)).toEqual(['file']);
  });

  test('what the check throws leaves the old one', async () => {
    writeFileSync(file, 'old');
    const check = () => {
      throw new Error('edited meanwhile');
    };
    await expect(rewriteFileLater(file, 'new', check)).rejects.toThrow('edited meanwhile');
    expect([readFileSync(file, 'utf8'), readdirSync(directory)]).toEqual(['old', ['file']]);
  });

  test('a new one is made where none is, and not over one that is there', async () => {
    await createFileLater(file, 'text', 0o600);
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['text', 0o600]);
    await expect(createFileLater(file, 'other', 0o600)).rejects.toMatchObject({ code: 'EEXIST' });
    expect([readFileSync(file, 'utf8'), readdirSync(directory)]).toEqual(['text', ['file']]);
  });
});
