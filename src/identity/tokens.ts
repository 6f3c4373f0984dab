// Who shows which token. Tokens are kept as hashes and compared in constant time. Trust: what is shown is anybody's.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, isWritableTime } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import { createListeners } from '#base/listeners.ts';
import type { Principal, TokenRow } from '#domain/agent.ts';
import type { TokenAuthority } from '#domain/ports.ts';
import type { TokenStore } from '#domain/store-ports.ts';
import { hashToken, makeToken, tokenId } from './token-text.ts';

export type TokenPorts = {
  readonly store: TokenStore;
  readonly clock: Clock;
  /** The text of `admin.token`: stands for a person with access to the home. */
  readonly adminToken: string;
};

/** A row with its hash as bytes, ready to be compared. */
type Known = { readonly row: TokenRow; readonly hash: Uint8Array };

const ADMIN: Principal = { kind: 'admin', tokenId: 'admin' };

/**
 * Rows are read once and kept in memory. A token is on disk before it is issued; it is revoked in memory, and that is told,
 * before it is revoked on disk: where the store fails, it stays revoked.
 */
export function createTokenAuthority({ store, clock, adminToken }: TokenPorts): TokenAuthority {
  const adminHash = hashToken(adminToken);
  /** Equal to no token's hash: what an unknown id is compared with. */
  const nobody: Uint8Array = randomBytes(adminHash.length);
  const changes = createListeners();
  const known = new Map<string, Known>(store.list().map((row) => [row.id, { row, hash: hashOf(row) ?? nobody }]));

  const authenticate = (token: string): Principal | undefined => {
    if (token.length > LIMITS.tokenLengthMax) return undefined;
    const shown = hashToken(token);
    const id = tokenId(token);
    const found = id === undefined ? undefined : known.get(id);
    // Both comparisons are always made: their time tells neither which token was meant nor whether it exists.
    const isAdmin = timingSafeEqual(shown, adminHash);
    const isAgent = timingSafeEqual(shown, found?.hash ?? nobody);
    if (isAdmin) return ADMIN;
    if (!isAgent || found === undefined || !isValid(found.row, clock.nowMs())) return undefined;
    return { kind: 'agent', agent: found.row.agent, tokenId: found.row.id };
  };

  /** A token's id is never used for another one, so its text needn't be shown again. */
  const stillHolds = (principal: Principal): boolean => {
    if (principal.kind === 'admin') return true;
    const row = known.get(principal.tokenId)?.row;
    return row !== undefined && row.agent === principal.agent && isValid(row, clock.nowMs());
  };

  /** What is dead stays unauthenticated without its row: an unknown id is one too. */
  const pruneDead = (nowMs: number): void => {
    const deadBeforeMs = nowMs - LIMITS.tokenDeadKeptMs;
    const dead = [...known.values()].filter(({ row }) => isDeadBefore(row, deadBeforeMs));
    if (dead.length === 0) return;
    store.prune(deadBeforeMs);
    for (const { row } of dead) known.delete(row.id);
  };

  const issue: TokenAuthority['issue'] = (agent, { expiresInMs }) => {
    const createdMs = clock.nowMs();
    const expiry = expiresInMs === undefined ? {} : { expiresMs: expiryOf(createdMs, expiresInMs) };
    pruneDead(createdMs);
    const { id, token } = makeToken();
    const hash = hashToken(token);
    const row: TokenRow = { id, agent, secretHash: Buffer.from(hash).toString('hex'), createdMs, ...expiry };
    store.put(row);
    known.set(id, { row, hash });
    tellOfExpiry(changes.tell, expiresInMs);
    return { id, agent, token, ...expiry };
  };

  const revoke = (id: string): void => {
    const found = known.get(id);
    const revokedMs = clock.nowMs();
    if (found === undefined) {
      throw new SmcpError('TOKEN_UNKNOWN', 'no token has this id', {
        details: { remedy: 'smcp agent list gives the ids' },
      });
    }
    known.set(id, { ...found, row: { ...found.row, revokedMs: found.row.revokedMs ?? revokedMs } });
    changes.tell();
    // Also for one that is revoked already: an earlier write may have failed.
    store.revoke(id, revokedMs);
  };

  for (const { row } of known.values()) {
    if (row.revokedMs === undefined && row.expiresMs !== undefined) {
      tellOfExpiry(changes.tell, row.expiresMs - clock.nowMs());
    }
  }

  return {
    authenticate,
    stillHolds,
    issue,
    revoke,
    list: () => [...known.values()].map(({ row }) => row),
    onChange: changes.onChange,
  };
}

/** What a timer can wait; a token that lives longer is asked about with every call anyway. */
const TIMER_MS_MAX = 2 ** 31 - 1 - 50;
const TIMER_SLACK_MS = 50;

/** Whoever runs a call of a token wants to know when it ends. */
function tellOfExpiry(tell: () => void, expiresInMs: number | undefined): void {
  if (expiresInMs === undefined || expiresInMs <= 0 || expiresInMs > TIMER_MS_MAX) return;
  // A timer may fire a little early by the clock that tokens are asked against.
  setTimeout(tell, expiresInMs + TIMER_SLACK_MS).unref();
}

/** Undefined for what is no SHA-256: such a row matches no token. */
function hashOf(row: TokenRow): Uint8Array | undefined {
  return /^[0-9a-f]{64}$/.test(row.secretHash) ? Buffer.from(row.secretHash, 'hex') : undefined;
}

const DAY_MS = 86_400_000;

/** Checked before anything is stored: a time that can't be written would make every later list of tokens fail. */
function expiryOf(nowMs: number, expiresInMs: number): number {
  const isBounded = Number.isSafeInteger(expiresInMs) && expiresInMs > 0 && expiresInMs <= LIMITS.tokenLifetimeMsMax;
  if (!isBounded) {
    throw new SmcpError('USAGE', `a token is good for ${LIMITS.tokenLifetimeMsMax / DAY_MS} days at most`, {
      details: { remedy: 'give a shorter time, such as 30d, or none: then it is good until it is revoked' },
    });
  }
  const expiresMs = nowMs + expiresInMs;
  invariant(isWritableTime(expiresMs), 'the clock is far from the end of time');
  return expiresMs;
}

function isDeadBefore({ expiresMs, revokedMs }: TokenRow, timeMs: number): boolean {
  return (expiresMs !== undefined && expiresMs < timeMs) || (revokedMs !== undefined && revokedMs < timeMs);
}

/** A revoked token is dead whatever the clock says; a time that is no number lets no expiring token live. */
function isValid(row: TokenRow, nowMs: number): boolean {
  return row.revokedMs === undefined && (row.expiresMs === undefined || nowMs < row.expiresMs);
}
