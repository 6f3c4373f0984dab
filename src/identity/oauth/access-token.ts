// An access token of a trusted issuer: a JWT of RFC 9068, held against what the configuration says. **Trust:** every byte of it is the caller's
// until its signature was verified; then its claims are the issuer's. Headers that name keys (`jku`, `x5u`, `jwk`) are not looked at.

import { decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { IssuerKeys } from './keys.ts';

/** What a token must be. */
export type TokenDemands = {
  /** Exactly its `iss`. */
  readonly issuer: string;
  /** Exactly (one of) its `aud`. */
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** `at+jwt`: its header says that it is an access token · `any`: it may say `JWT`, too. */
  readonly type: 'at+jwt' | 'any';
  readonly leewayMs: number;
};

export type VerifiedToken = { readonly claims: JWTPayload; readonly keyId: string; readonly expiresMs: number };

/** Claims that ID tokens, logout tokens and the like have, and no access token. */
const OF_OTHER_TOKENS = ['nonce', 'at_hash', 'c_hash', 'events', 'sid_hash'];
const OTHER_KINDS: ReadonlySet<unknown> = new Set(['ID', 'Refresh', 'Offline', 'Logout']);
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt']);

/** Whether a text has the form of a signed JWT. */
export function looksSigned(text: string): boolean {
  return text.length <= LIMITS.accessTokenLengthMax && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
}

/** @throws whatever is wrong with it; the text of that is for our own messages only. */
export async function verifyAccessToken(
  text: string,
  demands: TokenDemands,
  { keys, clock }: { readonly keys: IssuerKeys; readonly clock: Clock },
): Promise<VerifiedToken> {
  const { issuer, audience, algorithms, type, leewayMs } = demands;
  const { kid, alg, typ } = decodeProtectedHeader(text);
  if (typeof kid !== 'string' || kid === '' || kid.length > LIMITS.issuerKeyIdLengthMax) throw new Error('no key id');
  // Before anybody is asked for keys.
  if (alg === undefined || !algorithms.includes(alg)) throw new Error('its algorithm is not one that is taken');
  if (type === 'any' && !TYPES.has(typ)) throw new Error('its type is not one that is taken');
  const { keyOf, ids } = await keys.withKey(kid);
  if (!ids.has(kid)) throw new Error('the issuer has no such key');
  const nowMs = clock.nowMs();
  const { payload } = await jwtVerify(text, keyOf, {
    issuer,
    audience,
    algorithms: [...algorithms],
    ...(type === 'at+jwt' ? { typ: 'at+jwt' } : {}),
    clockTolerance: leewayMs / 1000,
    currentDate: new Date(nowMs),
    requiredClaims: ['exp', 'iat', 'sub'],
  });
  if (type === 'any' && isOfAnotherKind(payload)) throw new Error('it is no access token');
  const expiresMs = (payload.exp ?? 0) * 1000 + leewayMs;
  // Nothing here can take it back.
  if (expiresMs - nowMs > LIMITS.accessTokenLifetimeMsMax) throw new Error('it is good for too long');
  return { claims: payload, keyId: kid, expiresMs };
}

function isOfAnotherKind(claims: JWTPayload): boolean {
  return OTHER_KINDS.has(claims['typ']) || OF_OTHER_TOKENS.some((name) => claims[name] !== undefined);
}
