// Writes a file in one of three ways in a process whose files may not grow over a limit. Run by durable-file.test.ts.

import { closeSync, openSync, writeSync } from 'node:fs';
import { createFile, replaceFile } from '#base/durable-file.ts';
import { systemErrorCode } from '#base/errors.ts';

const [, , way = '', path = ''] = process.argv;
const text = 'x'.repeat(64 * 1024);

/** One write whose count nobody looks at. */
function writeOnce(): void {
  const descriptor = openSync(path, 'w');
  writeSync(descriptor, text);
  closeSync(descriptor);
}

const ways: { readonly [name: string]: () => void } = {
  replace: () => replaceFile(path, text, 0o600),
  create: () => createFile(path, text, 0o600),
  once: writeOnce,
};

try {
  ways[way]?.();
  process.stdout.write('done');
} catch (thrown) {
  process.stdout.write(systemErrorCode(thrown) ?? 'unknown');
}
