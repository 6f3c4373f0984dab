import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileSigners } from '#provenance/signer.ts';
import {
  adminDraft,
  begin,
  fillSmallLog,
  intentDraft,
  makeHome,
  openHome,
  outcomeDraft,
  removeHome,
  statementAt,
  verifyHome,
} from './fixture.ts';

let home: string;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => removeHome(home));

const code = (value: string) => expect.objectContaining({ code: value });

describe('opening after a crash', () => {
  test('gives each open intent a signed unknown record before anything else', async () => {
    const first = await openHome(home);
    await begin(first.log);
    const drafts = [intentDraft(), intentDraft(), intentDraft()] as const;
    const receipts = await Promise.all(drafts.map((draft) => first.log.append(draft)));
    const [, second] = receipts;
    if (second === undefined) throw new Error('no receipt');
    await first.log.append(outcomeDraft(drafts[1], second));
    // No close: the process ended here.
    first.store.close();

    const { log, close } = await openHome(home);
    expect(await log.append(adminDraft)).toMatchObject({ index: 9 });
    for (const [offset, which] of [0, 2].entries()) {
      const intent = statementAt(log, 3 + which);
      const unknown = statementAt(log, 7 + offset);
      expect(unknown.predicate).toMatchObject({ phase: 'unknown', intent: receipts[which], agent: 'demo' });
      expect(unknown.subject).toEqual(intent.subject);
    }
    await close();
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 10, openIntents: 0 });
  });
});

describe('opening a log that is not as it was', () => {
  async function closedLog(): Promise<void> {
    const { log, close } = await openHome(home);
    await fillSmallLog(log);
    await close();
  }

  function change(sql: string): void {
    const raw = new DatabaseSync(join(home, 'smcp.db'), { enableForeignKeyConstraints: false });
    raw.exec(sql);
    raw.close();
  }

  const attempt = async () => (await openHome(home)).close();

  test.each([
    ['a leaf hash is changed', 'UPDATE leaf SET hash = zeroblob(32) WHERE idx = 2'],
    ['a leaf hash is missing', 'DELETE FROM leaf WHERE idx = 2'],
    ['the first record is changed', "UPDATE record SET envelope = replace(envelope, 'a', 'b') WHERE idx = 0"],
    ['the last checkpoint is changed', 'UPDATE checkpoint SET note = upper(note) WHERE size = 9'],
    ['the last checkpoint is missing', 'DELETE FROM checkpoint WHERE size = 9'],
  ])('is refused as tampered when %s', async (_title, sql) => {
    await closedLog();
    change(sql);
    await expect(attempt()).rejects.toEqual(code('LOG_TAMPERED'));
  });

  test('is refused as behind when its newest records and checkpoints are gone', async () => {
    await closedLog();
    change('DELETE FROM disclosure WHERE idx >= 8; DELETE FROM leaf WHERE idx >= 8');
    change('DELETE FROM record WHERE idx >= 8; DELETE FROM checkpoint WHERE size > 8');
    await expect(attempt()).rejects.toEqual(code('LOG_BEHIND'));
    // The control: without the file that is kept outside, nothing in the database tells. So its absence is refused too.
    rmSync(join(home, 'checkpoint'));
    await expect(attempt()).rejects.toEqual(code('LOG_BEHIND'));
  });

  test('is refused as behind when the database is put back from an older backup, or is gone', async () => {
    const { log, close } = await openHome(home);
    await begin(log);
    await close();
    copyFileSync(join(home, 'smcp.db'), join(home, 'backup.db'));
    const later = await openHome(home);
    await later.log.append(adminDraft);
    await later.close();
    copyFileSync(join(home, 'backup.db'), join(home, 'smcp.db'));
    await expect(attempt()).rejects.toEqual(code('LOG_BEHIND'));
    rmSync(join(home, 'smcp.db'));
    await expect(attempt()).rejects.toEqual(code('LOG_BEHIND'));
  });

  test('is refused when the checkpoint outside is of another history', async () => {
    await closedLog();
    const file = join(home, 'checkpoint');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\n9\n/, '\n8\n'));
    await expect(attempt()).rejects.toEqual(code('LOG_TAMPERED'));
  });

  test('is refused with other keys, and with none', async () => {
    await closedLog();
    rmSync(join(home, 'keys', 'record.pem'));
    await expect(attempt()).rejects.toEqual(code('HOME_INVALID'));
    openFileSigners(join(home, 'keys'), { create: true });
    await expect(attempt()).rejects.toEqual(code('HOME_INVALID'));
  });

  test('is refused with a key that others may read', async () => {
    await closedLog();
    chmodSync(join(home, 'keys', 'log.pem'), 0o640);
    await expect(attempt()).rejects.toEqual(code('HOME_UNSAFE'));
    chmodSync(join(home, 'keys', 'log.pem'), 0o600);
    await expect(attempt()).resolves.toBeUndefined();
  });

  test('is refused with a verifier key that is not its own', async () => {
    await closedLog();
    writeFileSync(join(home, 'keys', 'log.vkey'), 'other+00000000+AA==\n');
    await expect(attempt()).rejects.toEqual(code('LOG_TAMPERED'));
  });
});
