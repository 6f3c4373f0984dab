// Files that a command writes where a person said: new ones, whole or not at all.

import { createFile } from '#base/durable-file.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';

const MODE = 0o644;

/**
 * Writes a file that must not be there yet.
 *
 * **Durability:** on disk when it returns. @throws `USAGE` when it is there already, or can't be written
 */
export function writeOut(file: string, text: string): void {
  try {
    createFile(file, text, MODE);
  } catch (cause) {
    const isThere = systemErrorCode(cause) === 'EEXIST';
    throw new SmcpError('USAGE', isThere ? `${file} is there already` : `${file} can't be written`, {
      cause,
      details: {
        remedy: isThere
          ? 'nothing was overwritten: give another name, or remove it first'
          : 'give a file in a folder that you may write',
      },
    });
  }
}
