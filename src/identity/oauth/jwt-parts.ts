// What stands in a JWT, before and without its signature. Pure. **Trust:** every byte is the caller's.

import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { parseStrictJson } from '#base/strict-json.ts';

/** Whether a text has the form of a signed JWT. */
export function looksSigned(text: string): boolean {
  return text.length <= LIMITS.accessTokenLengthMax && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
}

/**
 * Header and claims. Where two readers could understand them differently (a key twice, bytes that are no text), it is no token: the one
 * who looked at it on its way here may have seen another agent in it.
 *
 * @throws Error with what is wrong, for our own messages
 */
export function jwtParts(text: string): { readonly header: JsonObject; readonly claims: JsonObject } {
  const [header = '', claims = ''] = text.split('.');
  return { header: objectIn(header, 'header'), claims: objectIn(claims, 'claims') };
}

const DEPTH_MAX = 16;

function objectIn(part: string, name: string): JsonObject {
  let json: string;
  try {
    json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
  } catch {
    throw new Error(`its ${name} is no text`);
  }
  const read = parseStrictJson(json, { depthMax: DEPTH_MAX });
  if (read.kind === 'broken') throw new Error(`its ${name} is not JSON that has one meaning: ${read.message}`);
  if (!isJsonObject(read.value)) throw new Error(`its ${name} is no object`);
  return read.value;
}
