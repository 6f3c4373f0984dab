// What is written into files and read from them, as host calls carry it. **Trust:** what is written is a guest's.

import type { SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { malformed } from '#domain/refusal.ts';
import type { WriteMode } from '#effects/files/files-effect.ts';
import { invalid } from './params.ts';

/** `text` or `base64`, and not both. @throws `REQUEST_INVALID` */
export function readContent({ text, base64 }: JsonObject): Uint8Array {
  if ((text === undefined) === (base64 === undefined)) {
    throw invalid('files.write takes either text or base64', 'an empty file is written with an empty text');
  }
  if (text !== undefined) {
    if (typeof text === 'string' && text.isWellFormed()) return Buffer.from(text);
    throw invalid('files.write: text is a text, without halves of characters', 'write bytes as base64');
  }
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
  // Node skips what is no base64: what is written must be what was said.
  if (bytes?.toString('base64') === base64 && bytes !== undefined) return bytes;
  throw invalid(
    'files.write: base64 is no base64',
    'write it in the standard alphabet (+ and /), with its padding and without line breaks',
  );
}

/** `replace` where it is left out. @throws `REQUEST_INVALID` */
export function readMode(mode: Json = 'replace'): WriteMode {
  if (mode === 'replace' || mode === 'create' || mode === 'append') return mode;
  throw malformed({
    asked: typeof mode === 'string' ? mode : 'no text',
    allowed: ['replace', 'create', 'append'],
    ...{ message: 'files.write: there is no such mode', remedy: 'leave it out to replace what is there' },
  });
}

/**
 * The bytes as text. Where they were cut (`isCut`), without the piece of a character at their end; where the text would be too long
 * as JSON, a shorter one, `isCut`. Either way the next one begins at the offset plus the bytes of this text.
 *
 * @throws `REQUEST_INVALID` for what is no UTF-8
 */
export function readText(bytes: Uint8Array, isCut: boolean): { readonly text: string; readonly isCut: boolean } {
  const whole = decode(bytes, isCut);
  // A reader that goes on from here would never get further.
  if (whole === '' && bytes.length > 0) {
    throw invalid('files.read: length is less than the character there takes', 'read at least 4 bytes, or as base64');
  }
  if (Buffer.byteLength(JSON.stringify(whole)) <= LIMITS.fileTextJsonBytesMax) return { text: whole, isCut: false };
  return { text: decode(bytes.subarray(0, LIMITS.fileTextBytesSure), true), isCut: true };
}

function decode(bytes: Uint8Array, isCut: boolean): string {
  try {
    // As a stream it keeps the piece of a character back.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    throw noText();
  }
}

const noText = (): SmcpError =>
  invalid('files.read: the file, or this part of it, is no text in UTF-8', 'read it as base64');
