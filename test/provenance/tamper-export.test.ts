// Bytes of every file of a small export, changed one at a time.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportLog } from '#provenance/export.ts';
import { createFolderSource } from '#provenance/verify/folder-source.ts';
import { createLogVerifier, type VerifyReport } from '#provenance/verify/verify-log.ts';
import { asExportSource, fillTinyLog, makeHome, openHome, removeHome } from './fixture.ts';

let home: string;
let folder: string;
beforeAll(async () => {
  home = makeHome();
  folder = join(home, 'export');
  const { log, close } = await openHome(home);
  await fillTinyLog(log);
  await exportLog(asExportSource(log), folder);
  await close();
});
afterAll(() => removeHome(home));

const verifyLog = createLogVerifier();
const FLIPS = [0x01, 0x20, 0x80] as const;

test('one byte changed in any exported file is found', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  let flips = 0;
  for (const entry of files) {
    const file = join(entry.parentPath, entry.name);
    const original = readFileSync(file);
    const record = /^([0-9]+)\.dsse\.json$/.exec(entry.name)?.[1];
    // Long files hold records, every byte of which is tried in the database (tamper.test.ts).
    const step = original.length > 700 ? 5 : 1;
    for (let at = 0; at < original.length; at += step) {
      const changed = Buffer.from(original);
      changed[at] = (changed[at] ?? 0) ^ (FLIPS[at % FLIPS.length] ?? 1);
      writeFileSync(file, changed);
      const report = verifyFolderQuietly();
      const isNamed = record === undefined || report?.firstProblem?.index === Number(record);
      if (report?.ok === true || !isNamed) throw new Error(`${file}, byte ${at}: ${JSON.stringify(report)}`);
      flips += 1;
    }
    writeFileSync(file, original);
  }
  expect(verifyLog(createFolderSource(folder))).toMatchObject({ ok: true, entries: 3 });
  expect(flips).toBeGreaterThan(800);
});

function verifyFolderQuietly(): VerifyReport | undefined {
  try {
    return verifyLog(createFolderSource(folder));
  } catch {
    return undefined;
  }
}
