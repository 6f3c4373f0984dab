// Whether a directory is the home that the person who verifies means, not a copy of one that came from elsewhere: a
// copy brings its own public key and can't vouch for itself. Used by open-source.ts.

import { createPublicKey } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '#base/limits.ts';
import { readOwnedFile } from '#base/owned-file.ts';
import { isSameHash } from '#provenance/merkle.ts';
import { asPublicKey } from '#provenance/public-key.ts';
import { parseVkey } from '#provenance/signed-note.ts';
import { keyLine } from './home-source.ts';
import { readSmallFile } from './small-file.ts';

/**
 * True when the directory is `home` itself and holds, kept from others, the private key whose public half is its
 * `keys/log.vkey`. Anything else, also what can't be read, is false.
 *
 * **Trust:** the directory may be anyone's.
 */
export function isOwnHome(directory: string, home: string): boolean {
  try {
    if (realpathSync(directory) !== realpathSync(home)) return false;
    const keys = join(directory, 'keys');
    const pem = readOwnedFile(join(keys, 'log.pem'), {
      bytesMax: LIMITS.noteBytesMax,
      keptFrom: 'being read',
      code: 'HOME_INVALID',
    });
    const own = pem === undefined ? undefined : asPublicKey(createPublicKey(pem));
    const named = parseVkey(keyLine(readSmallFile(join(keys, 'log.vkey'))) ?? '');
    return own !== undefined && named !== undefined && isSameHash(own.raw, named.key.raw);
  } catch {
    return false;
  }
}
