import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { homeAt, prepareHome } from '#config/home.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smcp-home-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a home', () => {
  test('is made for its user alone', () => {
    const home = homeAt(join(folder, 'deep', 'home'));
    prepareHome(home);
    expect(statSync(home.directory).mode & 0o777).toBe(0o700);
    expect(() => prepareHome(home)).not.toThrow();
    expect(readdirSync(home.directory)).toEqual([]);
  });

  test('may be an empty directory, or one with a policy or a configuration of mine', () => {
    const home = homeAt(join(folder, 'mine'));
    mkdirSync(home.directory, { mode: 0o700 });
    writeFileSync(home.policy, 'version: 1\n');
    expect(() => prepareHome(home)).not.toThrow();
  });

  test('is refused where something else lies', () => {
    const home = homeAt(join(folder, 'mine'));
    mkdirSync(home.directory, { mode: 0o700 });
    writeFileSync(join(home.directory, 'notes.txt'), '');
    expect(() => prepareHome(home)).toThrow(expect.objectContaining({ code: 'HOME_INVALID' }));
  });

  test.each([0o720, 0o702])('is refused with mode %o, as others could write it', (mode) => {
    const home = homeAt(join(folder, 'mine'));
    mkdirSync(home.directory);
    chmodSync(home.directory, mode);
    expect(() => prepareHome(home)).toThrow(expect.objectContaining({ code: 'HOME_UNSAFE' }));
  });

  test('is refused as a link, and as a file', () => {
    symlinkSync(folder, join(folder, 'link'));
    expect(() => prepareHome(homeAt(join(folder, 'link')))).toThrow(expect.objectContaining({ code: 'HOME_UNSAFE' }));
    writeFileSync(join(folder, 'file'), '');
    expect(() => prepareHome(homeAt(join(folder, 'file')))).toThrow(expect.objectContaining({ code: 'HOME_INVALID' }));
  });
});
