// The bytes of an open file, up to a bound. **Trust:** the file may grow while it is read, be one of the kernel's, or have no
// end: what its size was said to be is not asked.

import { readSync } from 'node:fs';

const CHUNK_BYTES = 64 * 1024;

/** From where the descriptor stands, at most `bytesMax` bytes. @throws what the system does. */
export function readAtMost(file: number, bytesMax: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < bytesMax) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, bytesMax - length));
    const read = readSync(file, chunk, 0, chunk.length, null);
    if (read === 0) break;
    chunks.push(chunk.subarray(0, read));
    length += read;
  }
  return Buffer.concat(chunks);
}
