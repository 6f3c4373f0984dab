// A folder with more names than one answer has: listed in small steps, whole and in order.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { compareNames } from '#effects/files/files-effect.ts';
import { createFirstNames } from '#effects/files/first-names.ts';
import { openPlace, openSession } from './files-world.ts';

describe('the first of many names', () => {
  test('are those that sorting all of them would give, in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 4 })),
        fc.integer({ min: 1, max: 8 }),
        (names, most) => {
          const first = createFirstNames(most);
          for (const name of names) if (first.wants(name)) first.add(name);
          expect(first.sorted()).toEqual([...names].sort(compareNames).slice(0, most));
        },
      ),
    );
  });
});

test('a folder in which links come before the files is listed to its end', async () => {
  using place = openPlace();
  const { call } = openSession(place.effect);
  mkdirSync(place.at('folder'));
  for (let at = 0; at <= LIMITS.fileEntriesListedMax + 1; at += 1) symlinkSync('/', place.at('folder', `a${at}`));
  for (const name of ['b', 'c']) writeFileSync(place.at('folder', name), '');
  expect(await call('files.list', { path: 'workspace/folder' })).toEqual({
    entries: ['b', 'c'].map((name) => ({ name, kind: 'file', bytes: 0 })),
    isCut: false,
  });
});
