// Small text files beside a log's tiles: checkpoint, keys. **Trust:** none; anyone may have written them.

import { readFileSync } from 'node:fs';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

/** A small text file of a log; undefined when it is not there. Nobody asks who owns it: it may come from elsewhere. */
export function readSmallFile(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > LIMITS.noteBytesMax) throw new Error(`it has ${bytes.length} bytes`);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw new SmcpError('HOME_INVALID', `${path} can't be read as a small text file`, {
      cause,
      details: { remedy: 'put the original file back' },
    });
  }
}
