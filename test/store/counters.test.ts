import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CounterRow, LogRow, Store } from '#domain/store-ports.ts';
import { openStore } from '#store/open-store.ts';

let home: string;
let file: string;
let store: Store;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'smcp-counters-'));
  file = join(home, 'smcp.db');
  store = openStore(file);
});
afterEach(() => {
  store.close();
  rmSync(home, { recursive: true });
});

const row = (key: string, used: number, windowMs = 0): CounterRow => ({ key, windowMs, perMs: 60_000, used });
const record = (index: number): LogRow => ({
  ...{ index, envelope: '{}', leaf: new Uint8Array(32), invocation: '', phase: '', disclosed: {} },
});

/** What another reader sees: only what was committed. */
function onDisk(): readonly string[] {
  const reader = new DatabaseSync(file, { readOnly: true });
  const rows = reader.prepare('SELECT key, used FROM counter ORDER BY key').all();
  reader.close();
  return rows.map(({ key, used }) => `${key} ${used}`);
}

test('counters are written with the next commit of the log, each once with its last value', async () => {
  store.counters.put(row('a', 1));
  store.counters.put(row('a', 2));
  store.counters.put(row('b', 7));
  expect(onDisk()).toEqual([]);
  await store.log.commit([record(0)], 'note');
  expect(onDisk()).toEqual(['a 2', 'b 7']);
  store.counters.put(row('a', 3));
  await store.log.commit([record(1)], 'note', { waitsHere: true });
  expect(onDisk()).toEqual(['a 3', 'b 7']);
});

test('one that is put while a commit waits for the disk is in the next', async () => {
  store.counters.put(row('a', 1));
  const first = store.log.commit([record(0)], 'note');
  store.counters.put(row('a', 2));
  await first;
  expect(onDisk()).toEqual(['a 1']);
  await store.log.commit([record(1)], 'note');
  expect(onDisk()).toEqual(['a 2']);
});

test('those of a commit that failed wait on', async () => {
  store.counters.put(row('a', 1));
  await expect(store.log.commit([record(5)], 'note')).rejects.toThrow();
  expect(onDisk()).toEqual([]);
  await store.log.commit([record(0)], 'note');
  expect(onDisk()).toEqual(['a 1']);
});

test('what waits is written when the store is closed, and read back when it is opened', () => {
  store.counters.put(row('a', 1));
  store.close();
  store = openStore(file);
  expect(store.counters.list()).toEqual([row('a', 1)]);
});

test('windows that are over are deleted, and no others', async () => {
  store.counters.put(row('old', 1, 0));
  store.counters.put(row('new', 1, 60_000));
  await store.log.commit([record(0)], 'note');
  store.counters.prune(60_001);
  expect(store.counters.list()).toEqual([row('new', 1, 60_000)]);
});
