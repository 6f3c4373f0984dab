// Small files of the home that must be whole after a power loss: policy, tokens, keys, the last checkpoint.

import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces a file by a new one.
 *
 * **Durability:** the whole new file is on disk when it returns; after a crash before that, the whole old one.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = `${path}.new`;
  writeDurably(temporary, text, { flags: 'w', mode });
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/** Makes a file that must not be there yet; a system error EEXIST when it is. **Durability:** on disk when it returns. */
export function createFile(path: string, text: string, mode: number): void {
  writeDurably(path, text, { flags: 'wx', mode });
  syncDirectory(dirname(path));
}

function writeDurably(
  path: string,
  text: string,
  { flags, mode }: { readonly flags: string; readonly mode: number },
): void {
  const descriptor = openSync(path, flags, mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
