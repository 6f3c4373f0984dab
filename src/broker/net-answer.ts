// The answer of a server as a guest gets it: bounded, without what belongs to the connection, and with the secrets of the call masked before
// anything is encoded. Called by the broker's files of `net` only.

import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { SecretMask } from '#domain/secret-ports.ts';
import type { RawAnswer } from '#effects/net/exchange.ts';
import { answerTooLarge } from '#effects/net/failures.ts';

/** Of the connection, and cookies: nobody keeps them. */
const DROPPED = /^(connection|keep-alive|transfer-encoding|te|trailer|upgrade|set-cookie2?|__proto__)$|^proxy-/;

/** They tell the length or a digest of what the server sent, and so of a secret in it. */
const TELLING = /^(content-range|etag)$|digest|hash|length|checksum|size|signature|\b(md5|crc32c?|sha-?\d+)\b/;

export function answerOf({ status, headers, body }: RawAnswer, url: string, mask: SecretMask | undefined): Json {
  const shown = mask === undefined ? body : mask.bytes(body);
  if (shown.length > LIMITS.netAnswerBytesMax)
    throw answerTooLarge('the answer', { bytesMax: LIMITS.netAnswerBytesMax });
  return {
    status,
    url: mask?.text(url) ?? url,
    headers: headersOf(headers, mask),
    body: contentOf(shown),
  };
}

function headersOf(headers: RawAnswer['headers'], mask: SecretMask | undefined): JsonObject {
  const read = new Map<string, string>();
  for (const [name, value] of headers) {
    if (DROPPED.test(name) || (mask !== undefined && TELLING.test(name))) continue;
    const before = read.get(name);
    read.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  // Names too: a server may answer with whatever it was sent.
  return Object.fromEntries([...read].map(([name, value]) => [mask?.text(name) ?? name, mask?.text(value) ?? value]));
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
