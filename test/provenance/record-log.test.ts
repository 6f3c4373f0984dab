import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { LogStore } from '#domain/store-ports.ts';
import { parseCheckpoint } from '#provenance/checkpoint.ts';
import {
  adminDraft,
  begin,
  fillSmallLog,
  intentDraft,
  makeHome,
  openHome,
  outcomeDraft,
  predicateOf,
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

function sizeOf(note: string | undefined): number | undefined {
  return parseCheckpoint((note ?? '').slice(0, (note ?? '').lastIndexOf('\n\n') + 1))?.size;
}

describe('a new log', () => {
  test('begins with a record that names its keys and origin', async () => {
    const { log, close } = await openHome(home);
    const statement = statementAt(log, 0);
    expect(statement.predicateType).toBe('urn:smcp:log-opened:v1');
    expect(statement.predicate.origin).toMatch(/^test\.example\/[0-9a-f]{16}\/1$/);
    expect(statement.predicate.keys).toEqual(log.keys());
    expect(log.vkey()).toContain(`${statement.predicate.origin}+`);
    expect(readFileSync(join(home, 'keys', 'log.vkey'), 'utf8')).toBe(`${log.vkey()}\n`);
    expect(statSync(join(home, 'keys', 'record.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'keys', 'log.pem')).mode & 0o777).toBe(0o600);
    expect(sizeOf(readFileSync(join(home, 'checkpoint'), 'utf8'))).toBe(1);
    await close();
    expect(verifyHome(home)).toEqual({ ok: true, trust: 'pinned', entries: 1, checkpoints: 1, openIntents: 0 });
  });

  test('keeps its origin and goes on where it was when it is opened again', async () => {
    const first = await openHome(home);
    await fillSmallLog(first.log);
    const [vkey, size] = [first.log.vkey(), first.log.size()];
    await first.close();
    const second = await openHome(home);
    expect([second.log.vkey(), second.log.size()]).toEqual([vkey, size]);
    const receipt = await second.log.append(adminDraft);
    expect(receipt.index).toBe(size);
    await second.close();
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: size + 1 });
  });
});

describe('appending', () => {
  test('gives receipts in the order of the calls, which share commits', async () => {
    const { log, close } = await openHome(home);
    await begin(log);
    const before = verifyHome(home).checkpoints;
    const receipts = await Promise.all(Array.from({ length: 600 }, () => log.append(adminDraft)));
    expect(receipts.map(({ index }) => index)).toEqual(receipts.map((_receipt, offset) => 3 + offset));
    expect(receipts.every(({ index, leaf }) => log.record(index)?.leaf === leaf)).toBe(true);
    // 600 records in groups of at most 256.
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 603, checkpoints: before + 3 });
    await close();
  });

  test('shares a commit with calls that arrive in the same turn by different ways', async () => {
    const { log, close } = await openHome(home);
    const later = Promise.resolve().then(() => log.append(adminDraft));
    await Promise.all([log.append(adminDraft), later]);
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 3, checkpoints: 2 });
    await close();
  });

  test('keeps arguments once: what closes an intent has the digest of the intent', async () => {
    const { log, close } = await openHome(home);
    await begin(log);
    const intent = intentDraft();
    const opened = await log.append(intent);
    const closed = await log.append(outcomeDraft(intent, opened));
    const [first, last] = [statementAt(log, opened.index), statementAt(log, closed.index)];
    expect(last.subject[0]).toEqual(first.subject[0]);
    expect(Object.keys(log.record(opened.index)?.disclosed ?? {})).toEqual(['args']);
    expect(Object.keys(log.record(closed.index)?.disclosed ?? {})).toEqual(['result']);
    expect(JSON.parse(log.record(opened.index)?.disclosed.args ?? '').value).toEqual(intent.args);
    expect(log.findInvocation(intent.predicate.invocation)).toEqual([opened.index, closed.index]);
    await close();
  });

  test('keeps digest and length of a value that is too large', async () => {
    const { log, close } = await openHome(home);
    await begin(log);
    const args = 'x'.repeat(LIMITS.disclosureBytesMax);
    const { index } = await log.append({ ...intentDraft(), args });
    const document = JSON.parse(log.record(index)?.disclosed.args ?? '');
    expect(Object.keys(document)).toEqual(['bytes', 'digest', 'nonce']);
    expect(document.bytes).toBe(args.length + 2);
    await close();
    expect(verifyHome(home)).toMatchObject({ ok: true });
  });

  test('refuses to sign a history that would not verify, and the log goes on', async () => {
    const { log, close } = await openHome(home);
    await begin(log);
    const intent = intentDraft();
    const receipt = await log.append(intent);
    const outcome = outcomeDraft(intent, receipt);
    await expect(log.append({ kind: 'invocation', predicate: predicateOf('outcome') })).rejects.toEqual(
      code('INTERNAL'),
    );
    await expect(log.append(outcomeDraft(intentDraft(), receipt))).rejects.toEqual(code('INTERNAL'));
    await log.append(outcome);
    await expect(log.append(outcome)).rejects.toEqual(code('INTERNAL'));
    await close();
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 5, openIntents: 0 });
  });
});

describe('when a commit fails', () => {
  const failing =
    (after: number) =>
    (log: LogStore): LogStore => {
      let left = after;
      return {
        ...log,
        commit: async (rows, checkpoint) => {
          left -= 1;
          if (left < 0) throw new SmcpError('LOG_UNAVAILABLE', 'disk full');
          await log.commit(rows, checkpoint);
        },
      } satisfies LogStore;
    };

  test('the appends that wait are rejected and so is every later one, until a restart', async () => {
    const { log, close } = await openHome(home, { around: failing(2) });
    await begin(log);
    const results = await Promise.allSettled([log.append(adminDraft), log.append(adminDraft)]);
    expect(results).toEqual([
      { status: 'rejected', reason: code('LOG_UNAVAILABLE') },
      { status: 'rejected', reason: code('LOG_UNAVAILABLE') },
    ]);
    await expect(log.append(adminDraft)).rejects.toEqual(code('LOG_UNAVAILABLE'));
    expect(log.size()).toBe(3);
    expect(sizeOf(log.checkpoint())).toBe(3);
    await close();
    const again = await openHome(home);
    expect(await again.log.append(adminDraft)).toMatchObject({ index: 3 });
    await again.close();
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 4 });
  });

  test('so is what was appended to a database that is closed', async () => {
    const { log, store, close } = await openHome(home);
    await log.append(adminDraft);
    store.close();
    await expect(log.append(adminDraft)).rejects.toEqual(code('LOG_UNAVAILABLE'));
    await close();
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 2 });
  });

  test('a signer that fails stops the log too', async () => {
    let isBroken = false;
    const { log, close } = await openHome(home, {
      signers: (signers) => ({
        ...signers,
        record: {
          ...signers.record,
          sign: (data) =>
            isBroken ? Promise.reject(new Error('the token was pulled out')) : signers.record.sign(data),
        },
      }),
    });
    isBroken = true;
    await expect(log.append(adminDraft)).rejects.toEqual(code('LOG_UNAVAILABLE'));
    isBroken = false;
    await expect(log.append(adminDraft)).rejects.toEqual(code('LOG_UNAVAILABLE'));
    await close();
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 1 });
  });
});

describe('closing', () => {
  test('commits what was appended before, publishes the checkpoint and takes no more', async () => {
    const { log, close } = await openHome(home, { publishIntervalMs: 60_000 });
    const append = log.append(adminDraft);
    await close();
    expect(await append).toMatchObject({ index: 1 });
    expect(sizeOf(readFileSync(join(home, 'checkpoint'), 'utf8'))).toBe(2);
    await expect(log.append(adminDraft)).rejects.toEqual(code('LOG_UNAVAILABLE'));
  });

  test('is not needed for the checkpoint to be published in time', async () => {
    const { log, close } = await openHome(home, { publishIntervalMs: 5 });
    await log.append(adminDraft);
    await expect.poll(() => sizeOf(readFileSync(join(home, 'checkpoint'), 'utf8'))).toBe(2);
    await close();
  });
});
