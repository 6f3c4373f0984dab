// Somebody swaps a folder of the workspace for a link to outside while calls go through it. What looks first and opens then is led
// outside sooner or later; what holds each folder before the next name is not.

import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FilesPlace, openPlace, openSession } from './files-world.ts';

const SECRET = 'what lies outside';

let place: FilesPlace;
let swapper: { readonly swaps: () => number; readonly stop: () => Promise<void> };

beforeEach(() => {
  place = openPlace();
  mkdirSync(place.at('folder'));
  writeFileSync(place.at('folder/file'), 'inside');
  writeFileSync(join(place.outside, 'file'), SECRET);
  symlinkSync(place.outside, place.at('link'));
  const stop = new SharedArrayBuffer(8);
  const flag = new Int32Array(stop);
  const [folder, aside, link] = [place.at('folder'), place.at('aside'), place.at('link')];
  const worker = new Worker(new URL('./swap-folder.mjs', import.meta.url), {
    workerData: { folder, aside, link, stop },
  });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  swapper = {
    swaps: () => Atomics.load(flag, 1),
    stop: async () => {
      Atomics.store(flag, 0, 1);
      await ended;
    },
  };
});

afterEach(async () => {
  await swapper.stop();
  place[Symbol.dispose]();
});

/** Enough that the naive way is led outside in every run: there it takes some hundred. */
const TRIES_MAX = 200_000;

test('no read is led outside, however often the folder is swapped meanwhile', async () => {
  const { ended } = openSession(place.effect);
  const seen = new Set<string>();
  for (let tries = 0; tries < TRIES_MAX && !(tries > 500 && seen.has('inside') && seen.size > 1); tries += 1) {
    const end = await ended('files.read', { path: 'workspace/folder/file' });
    seen.add('value' in end ? (end.value as { text: string }).text : end.code);
    if (tries % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  // It was raced: some calls met the link, or nothing, and none the secret.
  expect([...seen].filter((one) => one !== 'inside').length).toBeGreaterThan(0);
  expect([...seen]).toContain('inside');
  expect([...seen]).not.toContain(SECRET);
});

test('no write, move or removal is led outside either', async () => {
  const { ended } = openSession(place.effect);
  let refused = 0;
  for (let tries = 0; tries < 150; tries += 1) {
    const ends = [
      await ended('files.write', { path: 'workspace/folder/new', text: 'x' }),
      await ended('files.write', { path: 'workspace/folder/file', text: 'x', mode: 'append' }),
      await ended('files.move', { from: 'workspace/folder/new', to: 'workspace/folder/newer' }),
      await ended('files.remove', { path: 'workspace/folder/file' }),
    ];
    refused += ends.filter((end) => 'code' in end).length;
    if (tries % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect([refused > 0, swapper.swaps() > 0]).toEqual([true, true]);
  expect(readdirSync(place.outside)).toEqual(['file']);
  expect(readFileSync(join(place.outside, 'file'), 'utf8')).toBe(SECRET);
});

test('a way that looks first and opens then is led outside', () => {
  let secrets = 0;
  for (let tries = 0; tries < TRIES_MAX && secrets === 0; tries += 1) {
    try {
      if (!lstatSync(place.at('folder')).isDirectory()) continue;
      if (readFileSync(place.at('folder/file'), 'utf8') === SECRET) secrets += 1;
    } catch {
      // Nothing has the name just now.
    }
  }
  expect(secrets).toBe(1);
});
