// C2SP signed notes with one Ed25519 signature, and the verifier keys they are checked with.
// **Source:** c2sp.org/signed-note. Strict: one signature line, one spelling, so that no byte of a note can change unseen.

import { hash } from 'node:crypto';
import { LIMITS } from '#base/limits.ts';
import { base64, parseBase64 } from './base64.ts';
import { type PublicKey, publicKeyOfRaw } from './public-key.ts';

/** The signature type of plain Ed25519. */
const ED25519 = 0x01;
const KEY_ID_BYTES = 4;

/** A key name without white space, control characters or `+`. */
const NAME = /^[^\s+\p{Cc}]+$/u;

export type NoteKey = { readonly name: string; readonly key: PublicKey };

/** True for what may name a key or an origin. */
export function isNoteName(text: string): boolean {
  return NAME.test(text);
}

/** SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key), its first 4 bytes. */
function keyId({ name, key }: NoteKey): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), key.raw]), 'buffer').subarray(
    0,
    KEY_ID_BYTES,
  );
}

/** `<name>+<key id, hex>+<base64(0x01 ‖ key)>` */
export function formatVkey(noteKey: NoteKey): string {
  const encoded = base64(Buffer.concat([Buffer.of(ED25519), noteKey.key.raw]));
  return `${noteKey.name}+${keyId(noteKey).toString('hex')}+${encoded}`;
}

/** The key of a vkey, or undefined when it is not the one spelling of an Ed25519 key. **Trust:** `text` may be anyone's. */
export function parseVkey(text: string): NoteKey | undefined {
  // Base64 has a `+` of its own; a name has none.
  const [name = '', , ...encoded] = text.split('+');
  const bytes = parseBase64(encoded.join('+'));
  if (bytes?.[0] !== ED25519 || !isNoteName(name)) return undefined;
  const key = publicKeyOfRaw(bytes.subarray(1));
  if (key === undefined) return undefined;
  return formatVkey({ name, key }) === text ? { name, key } : undefined;
}

/** The note of a text that ends in a newline. `signature` is the key's over exactly `text` as UTF-8. */
export function formatNote(text: string, noteKey: NoteKey, signature: Uint8Array): string {
  return `${text}\n— ${noteKey.name} ${base64(Buffer.concat([keyId(noteKey), signature]))}\n`;
}

/** The signed text, or undefined unless the note carries exactly one signature, by `noteKey`, that holds. **Trust:** `note` is evidence. */
export function verifyNote(note: string, noteKey: NoteKey): string | undefined {
  if (note.length > LIMITS.noteBytesMax) return undefined;
  const split = note.lastIndexOf('\n\n');
  if (split < 0) return undefined;
  const text = note.slice(0, split + 1);
  const line = /^— (\S+) (\S+)\n$/u.exec(note.slice(split + 2));
  const bytes = parseBase64(line?.[2] ?? '');
  if (bytes === undefined || line?.[1] !== noteKey.name) return undefined;
  const signature = bytes.subarray(KEY_ID_BYTES);
  if (!keyId(noteKey).equals(bytes.subarray(0, KEY_ID_BYTES))) return undefined;
  return noteKey.key.isSignatureOf(signature, Buffer.from(text)) ? text : undefined;
}
