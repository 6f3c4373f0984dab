// The answer of a server as a guest gets it: with the secrets of the call masked before anything is counted or encoded, bounded, and
// without what belongs to the connection. Called by the broker's files of `net` only.

import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { SecretMask } from '#domain/secret-ports.ts';
import type { RawAnswer } from '#effects/net/exchange.ts';
import { bodyTooLarge, headTooLarge } from '#effects/net/failures.ts';

/** Of the connection, and cookies: nobody keeps them. */
const DROPPED = /^(connection|keep-alive|transfer-encoding|te|trailer|upgrade|set-cookie2?|__proto__)$|^proxy-/;

/** They tell the length or a digest of what the server sent, and so of a secret in it. */
const TELLING = /^(content-range|etag)$|digest|hash|length|checksum|size|signature|\b(md5|crc32c?|sha-?\d+)\b/;

/** Of each header: the colon, the space and the line's end. */
const HEADER_SIGNS_BYTES = 4;

/**
 * The same without secrets, and without what tells their length. Its bounds are held against what is left: whether an answer is too
 * large doesn't depend on how long a value in it is.
 *
 * @throws `ANSWER_TOO_LARGE`
 */
export function hiddenAnswer(answer: RawAnswer, mask: SecretMask | undefined): RawAnswer {
  if (mask === undefined) return answer;
  const body = mask.bytes(answer.body);
  if (body.length > LIMITS.netAnswerBytesMax) throw bodyTooLarge();
  const kept = answer.headers.filter(([name]) => !DROPPED.test(name) && !TELLING.test(name));
  // Names too: a server may answer with whatever it was sent.
  const headers = kept.map(([name, value]) => [mask.text(name), mask.text(value)] as const);
  const bytes = headers.reduce((sum, [name, value]) => sum + name.length + value.length + HEADER_SIGNS_BYTES, 0);
  if (bytes > LIMITS.netAnswerHeaderBytesMax) throw headTooLarge();
  return { status: answer.status, headers, body };
}

export function shownAnswer({ status, headers, body }: RawAnswer, url: string): Json {
  return { status, url, headers: headersOf(headers), body: contentOf(body) };
}

function headersOf(headers: RawAnswer['headers']): JsonObject {
  const read = new Map<string, string>();
  for (const [name, value] of headers) {
    if (DROPPED.test(name)) continue;
    const before = read.get(name);
    read.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(read);
}

/** As text where it is UTF-8 that takes no more room than base64 would. */
function contentOf(bytes: Uint8Array): JsonObject {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const base64 = buffer.toString('base64');
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer);
    return Buffer.byteLength(JSON.stringify(text)) <= base64.length + 2 ? { text } : { base64 };
  } catch {
    return { base64 };
  }
}
