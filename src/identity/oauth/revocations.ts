// Tokens of issuers that a person has taken back here by their claims, whether they were ever shown or not. The list is kept until every token
// that it is about has ended by itself. **Trust:** wishes are a person's, or an agent's that was granted it; claims are the issuer's.

import type { Clock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createListeners, type OnChange } from '#base/listeners.ts';
import type { Logger } from '#base/log.ts';
import { createSetBack } from '#base/set-back.ts';
import type { SignedBy } from '#domain/agent.ts';
import type { MetaStore } from '#domain/store-ports.ts';
import type { SignedRevocation, SignedRevocations, SignedRevocationWish } from '#domain/token-ports.ts';

type Ports = { readonly store: MetaStore; readonly clock: Clock; readonly logger: Logger };

/** An entry, and what is compared: digests, as principals have them. */
type Known = SignedRevocation & { readonly jtiDigest?: string; readonly subjectDigest?: string };

const KEY = 'signed-revocations';
/** In the place of a name of an issuer, which is an address. */
const EVERY_ISSUER = '*';

/**
 * Read once. What can't be read could have been anything: then all tokens that were issued until now are revoked, of every issuer; that is an
 * entry like any other, so that the next one that is written over it takes nothing of that away.
 */
export function createSignedRevocations({
  store,
  clock,
  logger,
}: Ports): SignedRevocations & { readonly onChange: OnChange } {
  const changes = createListeners();
  const setBack = createSetBack(clock, () => {});
  const latestMs = () => clock.nowMs() + setBack.behindMs();
  const read = readList(store.get(KEY));
  let known: readonly Known[] = read ?? [lostAt(latestMs())];
  if (read === undefined) {
    logger.error('the list of revoked signed tokens can not be read: none that was issued until now is taken');
  }
  const live = () => {
    const nowMs = latestMs();
    return known.filter(({ endMs }) => nowMs < endMs);
  };

  return {
    isRevoked: (signedBy, leewayMs) => known.some((one) => isMeant(one, signedBy, leewayMs)),
    revoke: (wish) => {
      const madeMs = latestMs();
      // One of the same tokens is taken into it: an earlier time gives none of them back.
      const before = live().filter((one) => isOfSame(one, wish));
      const beforeMs = Math.max(wish.beforeMs, ...before.map((one) => one.beforeMs));
      const made = knownOf({ ...wish, beforeMs, madeMs, endMs: madeMs + LIMITS.signedRevocationKeptMs });
      const left = live().filter((one) => !covers(made, one));
      const isRoom = left.length < LIMITS.signedRevocationsMax || isOfAll(wish);
      if (!isRoom) throw full();
      known = [...left, made];
      changes.tell();
      store.put(KEY, JSON.stringify(known.map(rowOf)));
      return rowOf(made);
    },
    list: () => live().map(rowOf),
    onChange: changes.onChange,
  };
}

const isOfAll = ({ jti, subject }: SignedRevocationWish): boolean => jti === undefined && subject === undefined;

const isOfSame = (one: SignedRevocationWish, other: SignedRevocationWish): boolean =>
  one.issuer === other.issuer && one.jti === other.jti && one.subject === other.subject;

function isMeant(one: Known, { issuer, jti, subject, issuedMs }: SignedBy, leewayMs: number): boolean {
  if (one.issuer !== issuer && one.issuer !== EVERY_ISSUER) return false;
  if (one.jtiDigest !== undefined) return one.jtiDigest === jti;
  return issuedMs < one.beforeMs + leewayMs && (one.subjectDigest === undefined || one.subjectDigest === subject);
}

/** Whether the second says nothing that the first doesn't, and isn't forgotten earlier. */
function covers(one: Known, other: Known): boolean {
  if (one.issuer !== other.issuer || other.beforeMs > one.beforeMs || other.endMs > one.endMs) return false;
  if (one.jti !== undefined || other.jti !== undefined) return one.jti === other.jti;
  return one.subject === undefined || one.subject === other.subject;
}

function knownOf(row: SignedRevocation): Known {
  const { jti, subject } = row;
  return {
    ...row,
    ...(jti === undefined ? {} : { jtiDigest: sha256(jti) }),
    ...(subject === undefined ? {} : { subjectDigest: sha256(subject) }),
  };
}

function rowOf({ jtiDigest: _, subjectDigest: __, ...row }: Known): SignedRevocation {
  return row;
}

const lostAt = (timeMs: number): Known => ({
  ...{ issuer: EVERY_ISSUER, beforeMs: timeMs, madeMs: timeMs, endMs: timeMs + LIMITS.signedRevocationKeptMs },
});

/** Undefined for what can't be read. */
function readList(text: string | undefined): readonly Known[] | undefined {
  if (text === undefined) return [];
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  return Array.isArray(parsed) && parsed.every(isRow) ? parsed.map(knownOf) : undefined;
}

function isRow(value: unknown): value is SignedRevocation {
  if (!isJsonObject(value)) return false;
  const { issuer, jti, subject, beforeMs, madeMs, endMs } = value;
  const isText = (text: unknown) => text === undefined || typeof text === 'string';
  return (
    typeof issuer === 'string' && isText(jti) && isText(subject) && [beforeMs, madeMs, endMs].every(Number.isFinite)
  );
}

function full(): SmcpError {
  return new SmcpError('TOKENS_FULL', `at most ${LIMITS.signedRevocationsMax} revocations of signed tokens are kept`, {
    details: { remedy: 'revoke all tokens of the issuer: smcp token revoke --issuer NAME --before now' },
  });
}
