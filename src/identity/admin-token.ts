// The token of the person whose home this is: a file that only they can read.

import { createFile } from '#base/durable-file.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { readOwnedFile } from '#base/owned-file.ts';
import { makeToken, tokenId } from './token-text.ts';

/**
 * The text of `file`; makes the file (0600) when there is none.
 *
 * **Durability:** a new token is on disk (fsync) on return.
 * @throws `HOME_UNSAFE` when others may read or write the file, or it is a link or another user's · `HOME_INVALID` when
 * it holds no token.
 */
export function loadOrCreateAdminToken(file: string): string {
  const text = readOwnedFile(file, { bytesMax: LIMITS.tokenLengthMax, keptFrom: 'being read', code: 'HOME_INVALID' });
  if (text === undefined) {
    const { token } = makeToken();
    createFile(file, `${token}\n`, 0o600);
    return token;
  }
  const token = text.trim();
  if (tokenId(token) === undefined) {
    throw new SmcpError('HOME_INVALID', `${file} holds no token`, {
      details: { remedy: 'remove the file; the next start makes a new one' },
    });
  }
  return token;
}
