// Verifying from outside: beside a server that writes, by directory, and after damage to the database's file itself.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exportLog } from '#provenance/export.ts';
import { openLogSource } from '#provenance/verify/open-source.ts';
import { createLogVerifier, verifyLog } from '#provenance/verify/verify-log.ts';
import { openStore } from '#store/open-store.ts';
import { asExportSource, fillSmallLog, makeHome, openHome, removeHome, verifyHome } from './fixture.ts';

let home: string;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => removeHome(home));

const readOnly = (file: string) => openStore(file, { readOnly: true });

test('a log verifies again and again while another process writes it', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-child.ts'), home, '8'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.resume();
  await once(child.stdout, 'data');
  const verify = createLogVerifier();
  const sizes: number[] = [];
  while (sizes.length < 5) {
    const report = verifyHome(home, verify);
    expect(report).toMatchObject({ ok: true, trust: 'pinned' });
    sizes.push(report.entries);
    await once(child.stdout, 'data');
  }
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  expect(sizes.at(-1)).toBeGreaterThan(sizes[0] ?? 0);
});

test('a directory is known for a home, an export or neither', async () => {
  const { log, close } = await openHome(home);
  await fillSmallLog(log);
  const folder = join(home, 'export');
  await exportLog(asExportSource(log), folder);
  const verify = (directory: string) => {
    const source = openLogSource(directory, openStore, { ownHome: home });
    try {
      return verifyLog(source);
    } finally {
      source.close();
    }
  };
  expect(verify(home)).toMatchObject({ ok: true, trust: 'pinned', entries: 9 });
  expect(verify(folder)).toMatchObject({ ok: true, trust: 'self', entries: 9 });
  expect(() => verify(join(home, 'keys'))).toThrow(expect.objectContaining({ code: 'HOME_INVALID' }));
  await close();
});

test('a byte changed in the file of the database is found, or holds nothing of the log', async () => {
  const { log, close } = await openHome(home);
  await fillSmallLog(log);
  await close();
  const verify = createLogVerifier();
  const original = readFileSync(join(home, 'smcp.db'));
  const everything = (directory: string) => {
    const store = readOnly(join(directory, 'smcp.db'));
    try {
      const rows = Array.from({ length: store.log.size() }, (_none, index) => store.log.row(index));
      return JSON.stringify([rows, [...store.log.checkpoints()], store.log.openIntents()]);
    } finally {
      store.close();
    }
  };
  const expected = everything(home);
  const copy = join(home, 'copy');
  let found = 0;
  let harmless = 0;
  for (let at = 0; at < original.length; at += 509) {
    cpSync(join(home, 'keys'), join(copy, 'keys'), { recursive: true });
    copyFileSync(join(home, 'checkpoint'), join(copy, 'checkpoint'));
    const changed = Buffer.from(original);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    writeFileSync(join(copy, 'smcp.db'), changed, { mode: 0o600 });
    let isSound = false;
    try {
      isSound = verifyHome(copy, verify).ok;
    } catch {
      // A database that does not open is found, too.
    }
    if (isSound) expect(everything(copy)).toBe(expected);
    if (isSound) harmless += 1;
    else found += 1;
    removeHome(copy);
  }
  expect(found).toBeGreaterThan(10);
  expect(harmless).toBeGreaterThan(0);
});
