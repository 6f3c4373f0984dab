// Who shows which token. Tokens are kept as hashes and compared in constant time. Trust: what is shown is anybody's.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, isWritableTime } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import { createListeners } from '#base/listeners.ts';
import { createSetBack } from '#base/set-back.ts';
import { createTimeWatch } from '#base/time-watch.ts';
import type { AgentName, Principal, TokenRow } from '#domain/agent.ts';
import type { IssuedToken, TokenAuthority } from '#domain/ports.ts';
import type { TokenStore } from '#domain/store-ports.ts';
import { checkScopes, type ScopeList } from '#domain/token-scope.ts';
import { belowOf, createExchangePace, full, isBelow } from './exchange.ts';
import { rightsOf } from './token-rights.ts';
import { hashToken, isSignedId, type MadeToken, makeToken, tokenId } from './token-text.ts';

export type TokenPorts = {
  readonly store: TokenStore;
  readonly clock: Clock;
  /** The text of `admin.token`: stands for a person with access to the home. */
  readonly adminToken: string;
};

/** A row with its hash as bytes, ready to be compared, and what its scopes leave. */
type Known = { readonly row: TokenRow; readonly hash: Uint8Array; readonly rights: ReturnType<typeof rightsOf> };

/** Tokens that no store has: one, and one that was exchanged for it. */
export type TriedTokens = Disposable & {
  readonly token: string;
  readonly below: string;
  /** Ends the first one, and with it the other. */
  readonly endFirst: () => void;
};

export type TokenService = TokenAuthority & {
  /**
   * Tokens to try doors with, good in memory only, until they are disposed of and for `LIMITS.selfTestMsMax` at most.
   *
   * @param agent whom no policy names
   * @param scopes what the one below leaves
   */
  readonly tryOut: (agent: AgentName, scopes: ScopeList) => TriedTokens;
  /** Watches no time any more. */
  readonly close: () => void;
};

/**
 * Rows are read once and kept in memory. A token is on disk before it is issued; it is revoked in memory, and that is told,
 * before it is revoked on disk: where the store fails, it stays revoked.
 */
export function createTokenAuthority({ store, clock, adminToken }: TokenPorts): TokenService {
  const adminHash = hashToken(adminToken);
  const admin: Principal = { kind: 'admin', tokenId: tokenId(adminToken) ?? 'admin' };
  /** Equal to no token's hash: what an unknown id is compared with. */
  const nobody: Uint8Array = randomBytes(adminHash.length);
  const changes = createListeners();
  const exchanges = createExchangePace(clock);
  const known = new Map<string, Known>(
    store.list().map((row) => [row.id, { row, hash: hashOf(row) ?? nobody, rights: rightsOf(row) }]),
  );
  const setBack = createSetBack(clock, () => {});
  /** The latest time that was seen: a clock that is set back gives no token again. */
  const latestMs = () => clock.nowMs() + setBack.behindMs();
  /** Whoever runs a call or a session of a token wants to know when it ends. */
  const expiries = createTimeWatch(clock, changes.tell);
  const watchExpiries = () => expiries.watch(expiriesOf([...known.values()].map(({ row }) => row)));

  /** Neither it nor a token above it is revoked or over. A trusted issuer's is not kept: what is below it ends with it by its own time. */
  const isLive = ({ row, rights }: Known): boolean => {
    const nowMs = latestMs();
    if (rights === 'broken' || !isValid(row, nowMs)) return false;
    return (rights?.onBehalfOf ?? []).every((id) => {
      const above = known.get(id);
      return above === undefined ? isSignedId(id) : above.row.agent === row.agent && isValid(above.row, nowMs);
    });
  };

  const authenticate = (token: string): Principal | undefined => {
    if (token.length > LIMITS.tokenLengthMax) return undefined;
    const shown = hashToken(token);
    const id = tokenId(token);
    const found = id === undefined ? undefined : known.get(id);
    // Both comparisons are always made: their time tells neither which token was meant nor whether it exists.
    const isAdmin = timingSafeEqual(shown, adminHash);
    const isAgent = timingSafeEqual(shown, found?.hash ?? nobody);
    if (isAdmin) return admin;
    if (!isAgent || found === undefined || !isLive(found) || found.rights === 'broken') return undefined;
    const { row, rights } = found;
    return { kind: 'agent', agent: row.agent, tokenId: row.id, ...(rights === undefined ? {} : { rights }) };
  };

  /** A token's id is never used for another one, so its text needn't be shown again. */
  const stillHolds = (principal: Principal): boolean => {
    if (principal.kind === 'admin') return principal.tokenId === admin.tokenId;
    const found = known.get(principal.tokenId);
    return found !== undefined && found.row.agent === principal.agent && isLive(found);
  };

  /** What is dead stays unauthenticated without its row: an unknown id is one too. */
  const pruneDead = (nowMs: number): void => {
    const deadBeforeMs = nowMs - LIMITS.tokenDeadKeptMs;
    const dead = [...known.values()].filter(({ row }) => isDeadBefore(row, deadBeforeMs));
    if (dead.length === 0) return;
    store.prune(deadBeforeMs);
    for (const { row } of dead) known.delete(row.id);
  };

  const issue: TokenAuthority['issue'] = (agent, { expiresInMs, scopes = [] }) => {
    const createdMs = clock.nowMs();
    const expiry = expiresInMs === undefined ? {} : { expiresMs: expiryOf(createdMs, expiresInMs) };
    checkScopes(scopes);
    pruneDead(createdMs);
    const rights = scopes.length === 0 ? {} : { rights: { scopes: [scopes], onBehalfOf: [], actors: [] } };
    return add({ agent, createdMs, ...expiry, ...rights });
  };

  const asKnown = (made: Omit<TokenRow, 'id' | 'secretHash'>, { id, token }: MadeToken): Known => {
    const hash = hashToken(token);
    const row: TokenRow = { id, secretHash: Buffer.from(hash).toString('hex'), ...made };
    return { row, hash, rights: rightsOf(row) };
  };

  /** **Durability:** on disk when it returns. */
  const add = (made: Omit<TokenRow, 'id' | 'secretHash'>, text = makeToken()): IssuedToken => {
    const one = asKnown(made, text);
    const { id, agent, expiresMs } = one.row;
    store.put(one.row);
    known.set(id, one);
    watchExpiries();
    return { id, agent, token: text.token, ...(expiresMs === undefined ? {} : { expiresMs }) };
  };

  const tryOut: TokenService['tryOut'] = (agent, scopes) => {
    const nowMs = clock.nowMs();
    const endsMs = nowMs + LIMITS.selfTestMsMax;
    const [first, second] = [makeToken(), makeToken()];
    const below = belowOf({ kind: 'agent', agent, tokenId: first.id }, { scopes }, { nowMs, aboveEndsMs: endsMs });
    known.set(first.id, asKnown({ agent, createdMs: nowMs, expiresMs: endsMs }, first));
    known.set(second.id, asKnown(below, second));
    const end = (...ids: readonly string[]) => {
      for (const id of ids) known.delete(id);
      changes.tell();
    };
    return {
      token: first.token,
      below: second.token,
      endFirst: () => end(first.id),
      [Symbol.dispose]: () => end(first.id, second.id),
    };
  };

  /** Those of sub-agents that are over are forgotten at once: there may be many, and the log has them. */
  const makeRoom = (agent: AgentName): void => {
    const below = [...known.values()].filter(({ row }) => row.agent === agent && isBelow(row));
    const dead = below.filter((one) => !isLive(one)).map(({ row }) => row.id);
    if (dead.length > 0) store.remove(dead);
    for (const id of dead) known.delete(id);
    if (below.length - dead.length < LIMITS.tokensBelowPerAgentMax) return;
    throw full(`an agent has at most ${LIMITS.tokensBelowPerAgentMax} tokens of sub-agents at a time`);
  };

  const exchange: TokenAuthority['exchange'] = async (principal, { mayStillAct, record, ...wish }) => {
    const { agent, tokenId: above, signed } = principal;
    const check = () => {
      const aboveEndsMs = signed?.expiresMs ?? known.get(above)?.row.expiresMs;
      const made = belowOf(principal, wish, {
        nowMs: clock.nowMs(),
        ...(aboveEndsMs === undefined ? {} : { aboveEndsMs }),
      });
      makeRoom(agent);
      return made;
    };
    check();
    exchanges.count(agent);
    const text = makeToken();
    await record(text.id);
    // Whatever ended or was issued while that was written counts.
    if (!mayStillAct()) throw new SmcpError('UNAUTHENTICATED', 'the token was revoked or has expired');
    return add(check(), text);
  };

  /** One that another issuer signed is not kept until then: of whose agent it was, `owner` says. */
  const revokeSigned = (id: string, owner: AgentName): void => {
    const revokedMs = clock.nowMs();
    const ended = { createdMs: revokedMs, expiresMs: revokedMs + LIMITS.accessTokenLifetimeMsMax, revokedMs };
    const row: TokenRow = { id, agent: owner, secretHash: '', ...ended };
    known.set(id, { row, hash: nobody, rights: undefined });
    changes.tell();
    store.put(row);
  };

  const revoke: TokenAuthority['revoke'] = (id, owner) => {
    const found = known.get(id);
    const revokedMs = clock.nowMs();
    if (found === undefined && owner !== undefined && isSignedId(id)) return revokeSigned(id, owner);
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

  watchExpiries();

  return {
    authenticate,
    stillHolds,
    signedBy: (id) => {
      const rights = known.get(id)?.rights;
      return rights === undefined || rights === 'broken' ? undefined : rights.signedBy;
    },
    isRevoked: (id) => known.get(id)?.row.revokedMs !== undefined,
    issue,
    exchange,
    revoke,
    tryOut,
    list: () => [...known.values()].map(({ row }) => row),
    onChange: changes.onChange,
    close: expiries.close,
  };
}

/** When tokens that were not revoked end, ascending, each time once. */
function expiriesOf(rows: readonly TokenRow[]): readonly number[] {
  const times = rows.flatMap(({ expiresMs, revokedMs }) =>
    expiresMs === undefined || revokedMs !== undefined ? [] : [expiresMs],
  );
  return [...new Set(times)].sort((a, b) => a - b);
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
