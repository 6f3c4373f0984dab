// A JWK Set as an issuer publishes it, down to the keys that may verify signatures. Pure. **Trust:** the text is the issuer's; a key that could
// make signatures that we would believe (a symmetric one, a private one) is not taken.

import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from 'jose';
import { canonicalJson } from '#base/canonical-json.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';

export type VerifyingKeys = {
  /** The key that a token's header asks for. Rejects where there is none. */
  readonly keyOf: JWTVerifyGetKey;
  /** What each key is, by its id: another key under the same id is another one. */
  readonly ids: ReadonlyMap<string, Digest>;
};

const ASYMMETRIC: ReadonlySet<string> = new Set(['RSA', 'EC', 'OKP']);

/** @throws `ISSUER_UNAVAILABLE` when the text is no JWK Set, or has no key that can be used */
export function readKeys(text: string): VerifyingKeys {
  const keys = keysIn(text).filter(isVerifying);
  const ids = keys.map(({ kid }) => String(kid));
  if (keys.length === 0) throw unreadable('has no key that verifies signatures and has an id');
  if (new Set(ids).size !== ids.length) throw unreadable('has two keys of one id');
  return { keyOf: createLocalJWKSet({ keys }), ids: new Map(keys.map((key) => [String(key.kid), thumbprint(key)])) };
}

function keysIn(text: string): readonly Json[] {
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch {
    throw unreadable('is not JSON');
  }
  const keys = isJsonObject(parsed) ? parsed['keys'] : undefined;
  if (!Array.isArray(keys)) throw unreadable('has no list of keys');
  if (keys.length > LIMITS.issuerKeysMax) throw unreadable(`has more than ${LIMITS.issuerKeysMax} keys`);
  return keys;
}

function isVerifying(key: Json): key is Json & JWK {
  if (!isJsonObject(key)) return false;
  const { kty, kid, use, d, k } = key;
  const isNamed = typeof kid === 'string' && kid !== '' && kid.length <= LIMITS.issuerKeyIdLengthMax;
  const isForSigning = use === undefined || use === 'sig';
  return (
    typeof kty === 'string' && ASYMMETRIC.has(kty) && isNamed && isForSigning && d === undefined && k === undefined
  );
}

/** What makes a key that one, whatever else is said of it. **Source:** RFC 7638. */
const MEMBERS = ['crv', 'e', 'kty', 'n', 'x', 'y'] as const;

function thumbprint(key: JWK): Digest {
  const members = MEMBERS.flatMap((name) => (key[name] === undefined ? [] : [[name, key[name]] as const]));
  return sha256(canonicalJson(Object.fromEntries(members)));
}

function unreadable(what: string): SmcpError {
  return new SmcpError('ISSUER_UNAVAILABLE', `the issuer's JWK Set ${what}`, {
    details: { remedy: 'look at oauth in config.yaml, and at what the issuer publishes there' },
  });
}
