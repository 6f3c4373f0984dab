// An access token of a trusted issuer: a JWT of RFC 9068, held against what the configuration says. **Trust:** every byte of it is the caller's
// until its signature was verified; then its claims are the issuer's. Headers that name keys (`jku`, `x5u`, `jwk`) are not looked at.

import { type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import type { SignedToken } from '#domain/agent.ts';
import { jwtParts } from './jwt-parts.ts';
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

export type VerifiedToken = { readonly claims: JWTPayload; readonly signed: SignedToken };

/** Claims that ID tokens, logout tokens and the like have, and no access token. */
const OF_OTHER_TOKENS = ['nonce', 'at_hash', 'c_hash', 'events', 'sid_hash'];
const OTHER_KINDS: ReadonlySet<unknown> = new Set(['ID', 'Refresh', 'Offline', 'Logout']);
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt']);

/** @throws whatever is wrong with it; the text of that is for our own messages only. */
export async function verifyAccessToken(
  text: string,
  demands: TokenDemands,
  { keys, clock }: { readonly keys: IssuerKeys; readonly clock: Clock },
): Promise<VerifiedToken> {
  const { issuer, audience, algorithms, type, leewayMs } = demands;
  const { kid, alg, typ } = jwtParts(text).header;
  if (typeof kid !== 'string' || kid === '' || kid.length > LIMITS.issuerKeyIdLengthMax) throw new Error('no key id');
  // Before anybody is asked for keys.
  if (typeof alg !== 'string' || !algorithms.includes(alg)) throw new Error('its algorithm is not one that is taken');
  if (type === 'any' && !TYPES.has(typ)) throw new Error('its type is not one that is taken');
  const { keyOf, ids } = await keys.withKey(kid);
  const keyDigest = ids.get(kid);
  if (keyDigest === undefined) throw new Error('the issuer has no such key');
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
  const { sub, jti, aud, exp = 0, iat = 0 } = payload;
  if (typeof sub !== 'string' || (jti !== undefined && typeof jti !== 'string'))
    throw new Error('sub or jti is no text');
  if (Array.isArray(aud) && aud.some((one) => typeof one !== 'string')) throw new Error('aud is no list of texts');
  if (iat * 1000 > nowMs + leewayMs) throw new Error('it was issued later than now');
  const expiresMs = exp * 1000 + leewayMs;
  // Nothing here can take it back for longer: whoever was told to refuse it may forget it after that time.
  const lifetimeMs = Math.max((exp - iat) * 1000, expiresMs - nowMs);
  if (lifetimeMs > LIMITS.accessTokenLifetimeMsMax) throw new Error('it is good for too long');
  const ids256 = { subject: sha256(sub), ...(jti === undefined ? {} : { jti: sha256(jti) }) };
  return { claims: payload, signed: { issuer, keyId: kid, keyDigest, issuedMs: iat * 1000, ...ids256, expiresMs } };
}

function isOfAnotherKind(claims: JWTPayload): boolean {
  return OTHER_KINDS.has(claims['typ']) || OF_OTHER_TOKENS.some((name) => claims[name] !== undefined);
}
