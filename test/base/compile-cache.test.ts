import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ownCacheFolder } from '#base/compile-cache.js';

const SMCP = join(import.meta.dirname, '../../src/smcp.js');
let base: string;
const folderIn = (path: string) => ownCacheFolder({ XDG_CACHE_HOME: path });

beforeEach(() => {
  base = mkdtempSync(join(realpathSync(tmpdir()), 'smcp-cache-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('the folder for compiled code', () => {
  test("is made for the user alone, in the user's cache folder", () => {
    expect(folderIn(base)).toBe(join(base, 'smcp'));
    expect(folderIn(join(base, 'not-yet'))).toBe(join(base, 'not-yet/smcp'));
  });

  test('keeps what a command was made of, and the command says the same with it', () => {
    const run = () =>
      execFileSync(process.execPath, [SMCP, '--help'], { env: { XDG_CACHE_HOME: base }, encoding: 'utf8' });
    const first = run();
    expect(readdirSync(join(base, 'smcp'), { recursive: true }).length).toBeGreaterThan(10);
    expect(run()).toBe(first);
  });

  test('is not used where others may write into it, or into a folder above it', () => {
    mkdirSync(join(base, 'smcp'));
    chmodSync(join(base, 'smcp'), 0o777);
    expect(folderIn(base)).toBeUndefined();
    chmodSync(join(base, 'smcp'), 0o700);
    expect(folderIn(base)).toBe(join(base, 'smcp'));
    chmodSync(base, 0o777);
    expect(folderIn(base)).toBeUndefined();
  });

  test('is not used where it is a link', () => {
    mkdirSync(join(base, 'elsewhere'));
    symlinkSync(join(base, 'elsewhere'), join(base, 'smcp'));
    expect(folderIn(base)).toBeUndefined();
  });

  test('is not used where it can not be made', () => {
    expect(folderIn(join(base, 'not', 'there', 'yet'))).toBeUndefined();
    expect(folderIn('/proc/nowhere')).toBeUndefined();
  });

  test.runIf(process.getuid?.() === 0)("is not used where it is another user's", () => {
    mkdirSync(join(base, 'smcp'));
    chownSync(join(base, 'smcp'), 12_345, 12_345);
    expect(folderIn(base)).toBeUndefined();
    chownSync(join(base, 'smcp'), 0, 0);
    chownSync(base, 12_345, 12_345);
    expect(folderIn(base)).toBeUndefined();
  });
});
