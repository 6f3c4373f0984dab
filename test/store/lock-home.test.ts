import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isHomeLocked, lockHome } from '#store/lock-home.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'smcp-lock-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const locked = expect.objectContaining({ code: 'HOME_LOCKED' });

/** Another process that takes the lock, says so, and then lives until it is killed. */
async function holder(): Promise<ChildProcess> {
  const script = `import { lockHome } from '#store/lock-home.ts';
    globalThis.held = lockHome(process.argv[1]);
    process.stdout.write('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('the lock of a home', () => {
  test('is held by one and free again when disposed of', () => {
    const first = lockHome(home);
    expect(() => lockHome(home)).toThrow(locked);
    first[Symbol.dispose]();
    const second = lockHome(home);
    expect(() => lockHome(home)).toThrow(locked);
    second[Symbol.dispose]();
  });

  test('keeps out while another process lives and is free once that one was killed', async () => {
    expect(isHomeLocked(home)).toBe(false);
    const child = await holder();
    expect(() => lockHome(home)).toThrow(locked);
    expect(isHomeLocked(home)).toBe(true);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    expect(isHomeLocked(home)).toBe(false);
    lockHome(home)[Symbol.dispose]();
  });

  test('refuses a link in the place of its file, and a home that is not there', () => {
    symlinkSync(join(home, 'elsewhere'), join(home, 'lock'));
    expect(() => lockHome(home)).toThrow(expect.objectContaining({ code: 'HOME_UNSAFE' }));
    expect(() => lockHome(join(home, 'nothing'))).toThrow(expect.objectContaining({ code: 'HOME_INVALID' }));
  });
});
