// What a passkey says (WebAuthn assertions) read and checked with its public key. No state and no network: the server checks with it
// who signs, and `log verify` who has signed. **Trust:** every byte is a browser's, or evidence that anyone may have changed.
// **Source:** W3C Web Authentication Level 3, §5.8.1, §6.1, §7.2.

import { isUtf8 } from 'node:buffer';
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { parseBase64url } from './base64url.ts';
import { isJsonObject, type Json } from './json.ts';
import { LIMITS } from './limits.ts';

/** What a browser gives for one signature, each part base64url. `credential`: which passkey. */
export type PasskeyAssertion = {
  readonly credential: string;
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
};

export type PasskeyKey = {
  /** COSE: -7 ES256 · -8 Ed25519 · -257 RS256. */
  readonly alg: number;
  /** SHA-256 of the SPKI DER, lower-case hex. */
  readonly keyid: string;
  readonly isSignatureOf: (signature: Uint8Array, data: Uint8Array) => boolean;
};

/** The key of an SPKI in base64url; undefined when it is none, or of another kind than is asked for. */
export function readPasskeyKey(spki: unknown): PasskeyKey | undefined {
  const der = parseBase64url(spki, LIMITS.passkeyKeyBytesMax);
  if (der === undefined) return undefined;
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const alg = algorithmOf(key);
    // One key has one text: another encoding of it is refused.
    const isCanonical = key.export({ format: 'der', type: 'spki' }).equals(der);
    if (alg === undefined || !isCanonical) return undefined;
    const digest = alg === -8 ? null : 'sha256';
    return {
      alg,
      keyid: hash('sha256', der, 'hex'),
      isSignatureOf: (signature, data) => verify(digest, data, key, signature),
    };
  } catch {
    return undefined;
  }
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): number | undefined {
  if (type === 'ec') return details?.namedCurve === 'prime256v1' ? -7 : undefined;
  if (type === 'ed25519') return -8;
  const bits = details?.modulusLength ?? 0;
  // With the exponent 1 anybody signs; with a huge one each look at a signature takes long.
  const isUsual = type === 'rsa' && details?.publicExponent === 65_537n;
  return isUsual && bits >= 2048 && bits <= 4096 ? -257 : undefined;
}

export type AuthenticatorData = {
  /** SHA-256 of the relying party's id, lower-case hex. */
  readonly rpIdHash: string;
  /** Somebody touched it. */
  readonly isPresent: boolean;
  /** It made sure, by a PIN or a body, that it was its owner. */
  readonly isVerified: boolean;
  readonly signCount: number;
  /** The credential that was made, base64url; only in an answer to an enrolment. */
  readonly credential?: string;
};

const HEADER_BYTES = 37;
const AAGUID_BYTES = 16;

/** Undefined for what is too short to be any. */
export function readAuthenticatorData(text: unknown): AuthenticatorData | undefined {
  const bytes = parseBase64url(text, LIMITS.passkeyDataBytesMax);
  if (bytes === undefined || bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes[32] ?? 0;
  const at = HEADER_BYTES + AAGUID_BYTES;
  const isMade = (flags & 0x40) !== 0 && bytes.length >= at + 2;
  const length = isMade ? bytes.readUInt16BE(at) : 0;
  const credential = bytes.subarray(at + 2, at + 2 + length);
  return {
    rpIdHash: bytes.toString('hex', 0, 32),
    isPresent: (flags & 0x01) !== 0,
    isVerified: (flags & 0x04) !== 0,
    signCount: bytes.readUInt32BE(33),
    ...(length > 0 && credential.length === length ? { credential: credential.toString('base64url') } : {}),
  };
}

/** What the browser says was asked of it. */
export type ClientData = { readonly type: string; readonly challenge: string; readonly origin: string };

/** Undefined for what is none, and for what a frame in another site's page asked for. */
export function readClientData(text: unknown): ClientData | undefined {
  const bytes = parseBase64url(text, LIMITS.passkeyDataBytesMax);
  if (bytes === undefined || !isUtf8(bytes)) return undefined;
  let value: Json;
  try {
    value = JSON.parse(bytes.toString('utf8')) as Json;
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || value['crossOrigin'] === true || value['topOrigin'] !== undefined) return undefined;
  const { type, challenge, origin } = value;
  const isWhole = typeof type === 'string' && typeof challenge === 'string' && typeof origin === 'string';
  return isWhole ? { type, challenge, origin } : undefined;
}

/** What must be so. `challenge`: base64url of the bytes that were to be signed. */
export type ExpectedAssertion = { readonly spki: string; readonly challenge: string; readonly rpId: string };

/** What is wrong with an assertion, in words; else where it was made, and the passkey's count of signatures. */
export function checkAssertion(
  { authenticatorData, clientDataJSON, signature }: PasskeyAssertion,
  { spki, challenge, rpId }: ExpectedAssertion,
): { readonly problem: string } | { readonly origin: string; readonly signCount: number } {
  const key = readPasskeyKey(spki);
  const data = readAuthenticatorData(authenticatorData);
  const client = readClientData(clientDataJSON);
  const signed = parseBase64url(signature, LIMITS.passkeyDataBytesMax);
  if (key === undefined) return { problem: 'the key is none of a passkey' };
  if (data === undefined || client === undefined || signed === undefined) {
    return { problem: 'the assertion is not of the form that browsers give' };
  }
  if (client.type !== 'webauthn.get') return { problem: 'it is no signature for a sign-in or an approval' };
  if (client.challenge !== challenge) return { problem: 'it was signed for something else' };
  if (!isOriginOf(client.origin, rpId)) return { problem: 'it was made on the page of another site' };
  if (data.rpIdHash !== hash('sha256', rpId, 'hex')) return { problem: 'the passkey is for another site' };
  if (!data.isPresent || !data.isVerified) return { problem: 'the passkey did not make sure who used it' };
  const message = Buffer.concat([
    Buffer.from(authenticatorData, 'base64url'),
    hash('sha256', Buffer.from(clientDataJSON, 'base64url'), 'buffer'),
  ]);
  if (!key.isSignatureOf(signed, message)) return { problem: 'its signature does not hold' };
  return { origin: client.origin, signCount: data.signCount };
}

/** Whether a page of this origin may ask for passkeys of `rpId`: of that host or one below it, by https, or on this machine. */
export function isOriginOf(origin: string, rpId: string): boolean {
  const url = URL.parse(origin);
  if (url === null || url.origin !== origin) return false;
  const isOfHost = url.hostname === rpId || url.hostname.endsWith(`.${rpId}`);
  return isOfHost && (url.protocol === 'https:' || (url.protocol === 'http:' && url.hostname === 'localhost'));
}

/** Whether a count may follow another: it grows, unless the passkey does not count. One that does not grow was copied. */
export function isNextSignCount(before: number, after: number): boolean {
  return after > before || (before === 0 && after === 0);
}
