import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadOrCreateAdminToken } from '#identity/admin-token.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smcp-admin-'));
  file = join(directory, 'admin.token');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const coded = (code: string) => expect.objectContaining({ code });

describe('the admin token’s file', () => {
  test('is made at the first start, for its owner only, and stays the same', () => {
    const token = loadOrCreateAdminToken(file);
    expect(token).toMatch(/^smcp_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toBe(`${token}\n`);
    expect(loadOrCreateAdminToken(file)).toBe(token);
  });

  test.each([0o640, 0o604, 0o620, 0o666])('is refused with mode %o', (mode) => {
    loadOrCreateAdminToken(file);
    chmodSync(file, mode);
    expect(() => loadOrCreateAdminToken(file)).toThrow(coded('HOME_UNSAFE'));
  });

  test('is refused as a link', () => {
    loadOrCreateAdminToken(join(directory, 'other'));
    symlinkSync(join(directory, 'other'), file);
    expect(() => loadOrCreateAdminToken(file)).toThrow(coded('HOME_UNSAFE'));
  });

  test.each(['', 'secret', `smcp_${'a'.repeat(16)}_short`, 'x'.repeat(100_000)])(
    'is refused when it holds no token',
    (text) => {
      writeFileSync(file, text, { mode: 0o600 });
      expect(() => loadOrCreateAdminToken(file)).toThrow(coded('HOME_INVALID'));
    },
  );
});
