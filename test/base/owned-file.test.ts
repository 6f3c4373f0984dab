// The one rule on owners and modes, with owners that a test can't make: it needs no root.

import { spawn } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { checkOwnedDirectory, checkOwner, readOwnedFile } from '#base/owned-file.ts';

const SERVER = 1000;

test.each([
  ['the server’s own file', { uid: SERVER, mode: 0o600 }, undefined],
  ['root’s', { uid: 0, mode: 0o644 }, undefined],
  ['another user’s', { uid: 1001, mode: 0o600 }, 'belongs to another user'],
  ['one that its group can write', { uid: SERVER, mode: 0o620 }, 'can be written by other users'],
  ['one that all can write', { uid: 0, mode: 0o602 }, 'can be written by other users'],
])('%s is judged by owner and mode', (_what, ownership, problem) => {
  const check = () => checkOwner('f', ownership, { keptFrom: 'being written', uid: SERVER });
  if (problem === undefined) expect(check()).toBeUndefined();
  else expect(check).toThrow(expect.objectContaining({ code: 'HOME_UNSAFE', message: `f ${problem}` }));
});

test('a secret must not be readable for others, and a server that is root takes no other user’s file', () => {
  const unsafe = expect.objectContaining({ code: 'HOME_UNSAFE' });
  expect(() => checkOwner('f', { uid: SERVER, mode: 0o644 }, { keptFrom: 'being read', uid: SERVER })).toThrow(unsafe);
  expect(() => checkOwner('f', { uid: SERVER, mode: 0o600 }, { keptFrom: 'being read', uid: 0 })).toThrow(unsafe);
  expect(checkOwner('f', { uid: SERVER, mode: 0o600 }, { keptFrom: 'being read', uid: SERVER })).toBeUndefined();
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smcp-owned-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a directory must be one itself', () => {
  const path = (name: string) => join(folder, name);
  mkdirSync(path('plain'), { mode: 0o700 });
  symlinkSync(path('plain'), path('link'));
  writeFileSync(path('file'), '');
  expect(checkOwnedDirectory(path('plain'), lstatSync(path('plain')))).toBeUndefined();
  for (const name of ['link', 'file']) {
    expect(() => checkOwnedDirectory(path(name), lstatSync(path(name)))).toThrow(
      expect.objectContaining({ code: 'HOME_UNSAFE' }),
    );
  }
});

test('a file that is written to while it is read is not taken', async () => {
  const path = join(folder, 'busy');
  writeFileSync(path, 'x'.repeat(1_000_000), { mode: 0o600 });
  const script = `const fs = require('node:fs');
    const file = fs.openSync(process.argv[1], 'a');
    const endAt = Date.now() + 600_000;
    while (Date.now() < endAt) { fs.writeSync(file, 'x'); if (Math.random() < 0.01) fs.ftruncateSync(file, 1_000_000); }`;
  const writer = spawn(process.execPath, ['-e', script, path], { stdio: 'ignore' });
  const ended = new Promise((resolve) => writer.once('exit', resolve));
  try {
    const read = () => {
      try {
        readOwnedFile(path, { bytesMax: 2_000_000, keptFrom: 'being written', code: 'POLICY_INVALID' });
        return '';
      } catch (thrown) {
        return thrown instanceof SmcpError ? thrown.message : String(thrown);
      }
    };
    let message = '';
    while (message === '') {
      message = read();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(message).toBe(`${path} was written to while it was read`);
  } finally {
    writer.kill('SIGKILL');
    await ended;
  }
});
