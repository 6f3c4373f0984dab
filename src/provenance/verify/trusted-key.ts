// The key that checkpoints are checked with: one kept from elsewhere, else the log's own, which proves no origin.

import { SmcpError } from '#base/errors.ts';
import { type NoteKey, parseVkey } from '#provenance/signed-note.ts';
import type { Problem } from './source.ts';

/** @throws `USAGE` when a key is given and is none. */
export function checkPinnedKey(vkey: string | undefined): void {
  if (vkey === undefined || parseVkey(vkey) !== undefined) return;
  throw new SmcpError('USAGE', 'the key is not a verifier key of a log', {
    details: { remedy: 'give the text of log.vkey' },
  });
}

/**
 * The key, or what is wrong: none that is valid, or another one than was given.
 *
 * **Trust:** `own` is evidence; `pinned` was kept from elsewhere.
 */
export function trustedKey({
  pinned,
  own,
}: {
  readonly pinned: string | undefined;
  readonly own: string | undefined;
}): NoteKey | Problem {
  const logKey = parseVkey(pinned ?? own ?? '');
  if (logKey === undefined) return { index: -1, code: 'KEY_INVALID', message: 'there is no valid log.vkey' };
  if (own !== undefined && pinned !== undefined && own !== pinned) {
    return { index: -1, code: 'KEY_INVALID', message: 'log.vkey is not the key that was given' };
  }
  return logKey;
}
