// Writes into a workspace in a process whose files may not grow over a limit, or that is killed meanwhile. Run by files-faults.test.ts.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#base/clock.ts';
import { openFiles } from '#effects/files/open-files.ts';
import { openSession } from './files-world.ts';

const [, , way = '', directory = ''] = process.argv;
const LENGTH = 100_000;

const effect = openFiles({ clock: systemClock }, { directory, most: { bytes: 2 ** 30, files: 1_000 } });
const { ended } = openSession(effect);
const write = (path: string, text: string, mode: string) =>
  ended('files.write', { path: `workspace/${path}`, text, mode });

/** What each call came to. */
async function onFullDisk(): Promise<void> {
  const text = 'x'.repeat(LENGTH);
  const ends = [
    await write('old', text, 'replace'),
    await write('new', text, 'create'),
    await write('old', text, 'append'),
  ];
  process.stdout.write(JSON.stringify(ends.map((end) => ('code' in end ? end.code : 'done'))));
}

async function forEver(): Promise<void> {
  for (let at = 0; ; at += 1) {
    await write('swapped', (at % 2 === 0 ? 'a' : 'b').repeat(LENGTH), 'replace');
    if (at === 2) process.stdout.write('begun');
  }
}

/** The wall taken away: the file itself is written. */
async function naively(): Promise<void> {
  try {
    writeFileSync(join(directory, 'athena/old'), 'x'.repeat(LENGTH));
  } catch {
    process.stdout.write('failed');
  }
}

const ways: { readonly [name: string]: () => Promise<void> } = {
  full: onFullDisk,
  naive: naively,
  'for ever': forEver,
};
await ways[way]?.();
