// Who waits for the disk, and on which thread: the log and calls under idempotency keys share fsyncs off the host's.

import fs, { mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sha256 } from '#base/digest.ts';
import type { LogRow } from '#domain/store-ports.ts';
import { createKeyedCallStore } from '#store/keyed-calls.ts';
import { openStore } from '#store/open-store.ts';
import { openDatabase } from '#store/sqlite.ts';

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'smcp-store-'));
  file = join(home, 'smcp.db');
});
afterEach(() => rmSync(home, { recursive: true }));

const unavailable = expect.objectContaining({ code: 'LOG_UNAVAILABLE' });

function rowAt(index: number): LogRow {
  const leaf = new Uint8Array(32).fill(index);
  return { index, envelope: '{}', leaf, invocation: '', phase: '', disclosed: {} };
}

/** The server's fsync, held back: each one that is asked for, and its path. */
function holdFsyncs() {
  const asked: { readonly path: string; readonly done: (error: Error | null) => void }[] = [];
  const spy = vi.spyOn(fs, 'fdatasync').mockImplementation((descriptor, done) => {
    asked.push({ path: fs.readlinkSync(`/proc/self/fd/${descriptor}`), done });
  });
  syncBuiltinESMExports();
  return {
    asked,
    [Symbol.dispose]: () => {
      spy.mockRestore();
      syncBuiltinESMExports();
    },
  };
}

describe('what waits for the disk', () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const keyed = { agent: 'a', tool: 't', argsDigest: sha256('x'), invocation: 'i', createdMs: 5 };

  test('shares its fsyncs: the log and calls under keys have one each, and one for all that came meanwhile', async () => {
    const { log, keyedCalls, close } = openStore(file);
    using held = holdFsyncs();
    const done: string[] = [];
    const wait = (name: string, work: Promise<void>) => work.then(() => void done.push(name));
    const works = [wait('first', keyedCalls.put({ ...keyed, key: '1' }))];
    await turn();
    works.push(wait('second', keyedCalls.put({ ...keyed, key: '2' })), wait('log', log.commit([rowAt(0)], 'note 1')));
    await turn();
    expect(held.asked.map(({ path }) => path)).toEqual([`${file}-wal`]);
    expect(keyedCalls.find('a', 't', '2')).toMatchObject(keyed);
    held.asked[0]?.done(null);
    await turn();
    expect([done, held.asked.length]).toEqual([['first'], 2]);
    held.asked[1]?.done(null);
    await Promise.all(works);
    expect([done.length, held.asked.length]).toEqual([3, 2]);
    close();
  });

  test('fails for good once an fsync has failed, whoever waited for that one', async () => {
    const { log, keyedCalls, close } = openStore(file);
    using held = holdFsyncs();
    const put = keyedCalls.put({ ...keyed, key: '1' });
    const commit = log.commit([rowAt(0)], 'note 1');
    held.asked[0]?.done(Object.assign(new Error('EIO'), { code: 'EIO' }));
    await expect(put).rejects.toThrow(unavailable);
    await expect(commit).rejects.toThrow(unavailable);
    await expect(log.commit([rowAt(1)], 'note 2')).rejects.toThrow(unavailable);
    expect(held.asked).toHaveLength(1);
    close();
  });

  test('leaves no write of a call under a key to an fsync on the thread of the host', async () => {
    openStore(file).close();
    const database = openDatabase(file, { readOnly: false, busyMs: 0 });
    let isInTransaction = false;
    const alone: string[] = [];
    const watched = {
      ...database,
      prepare: (sql: string) => {
        const statement = database.prepare(sql);
        const run = (...values: Parameters<typeof statement.run>) => {
          if (!isInTransaction) alone.push(sql);
          return statement.run(...values);
        };
        return { ...statement, run };
      },
      transactionThenSync: (work: () => void) => {
        isInTransaction = true;
        const written = database.transactionThenSync(work);
        isInTransaction = false;
        return written;
      },
    };
    const keyedCalls = createKeyedCallStore(watched);
    await keyedCalls.put({ ...keyed, key: '1' });
    await keyedCalls.settle({ ...keyed, key: '1' }, '1');
    await keyedCalls.remove({ ...keyed, key: '1' });
    expect(alone).toEqual([]);
    database.close();
  });
});
