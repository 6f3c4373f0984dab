// The key that a webhook's messages are signed with: a file that only its owner can read, which the receiver gets a copy of.

import { createFile } from '#base/durable-file.ts';
import { SmcpError } from '#base/errors.ts';
import { randomHex } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import { readOwnedFile } from '#base/owned-file.ts';

const KEY_BYTES = 32;

/**
 * The text of `file` without white space around it; makes the file (0600) when there is none.
 *
 * **Durability:** a new key is on disk when it returns.
 * @throws `HOME_UNSAFE` when others may read or write it, or it is a link or another user's · `CONFIG_INVALID` when it is too short
 */
export function loadOrCreateWebhookKey(file: string): string {
  const text = readOwnedFile(file, {
    bytesMax: LIMITS.webhookKeyBytesMax,
    keptFrom: 'being read',
    code: 'CONFIG_INVALID',
  });
  if (text === undefined) {
    const key = randomHex(KEY_BYTES);
    createFile(file, `${key}\n`, 0o600);
    return key;
  }
  const key = text.trim();
  if (Buffer.byteLength(key) >= LIMITS.webhookKeyBytesMin) return key;
  throw new SmcpError('CONFIG_INVALID', `${file} holds a key of fewer than ${LIMITS.webhookKeyBytesMin} bytes`, {
    details: { remedy: 'put a longer one there, or remove the file: the next start makes one' },
  });
}
