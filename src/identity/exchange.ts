// The tokens of sub-agents: what a narrower token is made of, and how many there may be. Used by tokens.ts. **Trust:** the wish is an
// agent's; whose token it is exchanged for was settled by the door.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName, Principal, SignedBy, TokenRightsRow, TokenRow } from '#domain/agent.ts';
import type { ExchangeWish } from '#domain/token-ports.ts';
import { checkScopes } from '#domain/token-scope.ts';

export type AgentPrincipal = Principal & { readonly kind: 'agent' };

/** The issuer's token at the root of its chain: itself, or one above it. Absent: the root was issued here. */
function rootSignedBy({ rights, signed }: AgentPrincipal): SignedBy | undefined {
  if (signed === undefined) return rights?.signedBy;
  const { expiresMs: _, ...signedBy } = signed;
  return signedBy;
}

/**
 * What the token below is kept as: the lists of the one above it and one more, so that it never leaves more; and an end that is not later.
 *
 * @param aboveEndsMs absent: the token above it does not end by itself
 * @throws `USAGE` for what is no scope · `TOKENS_FULL` when the chain is too deep
 */
export function belowOf(
  above: AgentPrincipal,
  { scopes, actor = '', expiresInMs }: Pick<ExchangeWish, 'scopes' | 'actor' | 'expiresInMs'>,
  { nowMs, aboveEndsMs = Number.POSITIVE_INFINITY }: { readonly nowMs: number; readonly aboveEndsMs?: number },
): Pick<TokenRow, 'agent' | 'createdMs' | 'expiresMs'> & { readonly rights: TokenRightsRow } {
  const { agent, tokenId, rights } = above;
  const signedBy = rootSignedBy(above);
  checkScopes(scopes);
  const onBehalfOf = [...(rights?.onBehalfOf ?? []), tokenId];
  if (onBehalfOf.length > LIMITS.tokenDepthMax) {
    throw full(`a chain of tokens has at most ${LIMITS.tokenDepthMax} below the first one`);
  }
  const lifetimeMs = Math.min(expiresInMs ?? LIMITS.tokenExchangedMsDefault, LIMITS.tokenExchangedMsMax);
  const lists = rights?.scopes.lists ?? [];
  return {
    agent,
    createdMs: nowMs,
    expiresMs: Math.min(nowMs + lifetimeMs, aboveEndsMs),
    rights: {
      scopes: scopes.length === 0 ? lists : [...lists, scopes],
      onBehalfOf,
      actors: [...(rights?.actors ?? []), actor],
      ...(signedBy === undefined ? {} : { signedBy }),
    },
  };
}

/** Whether it was exchanged for another one. */
export function isBelow({ rights }: TokenRow): boolean {
  return rights !== undefined && rights !== 'broken' && rights.onBehalfOf.length > 0;
}

export type ExchangePace = {
  /** Counts one exchange of the agent. @throws `TOKENS_FULL` when that is too often */
  readonly count: (agent: AgentName) => void;
};

/** How often each agent exchanges tokens: each one costs a record and a write of the disk. In memory, of a minute. */
export function createExchangePace(clock: Clock): ExchangePace {
  const windows = new Map<AgentName, { sinceMs: number; count: number }>();
  return {
    count: (agent) => {
      const nowMs = clock.monotonicMs();
      for (const [name, { sinceMs }] of windows) if (nowMs - sinceMs >= MINUTE_MS) windows.delete(name);
      const window = windows.get(agent) ?? { sinceMs: nowMs, count: 0 };
      if (window.count >= LIMITS.tokenExchangesPerMinuteMax) {
        throw full(`an agent exchanges at most ${LIMITS.tokenExchangesPerMinuteMax} tokens in a minute`);
      }
      windows.set(agent, { ...window, count: window.count + 1 });
    },
  };
}

const MINUTE_MS = 60_000;

export function full(message: string): SmcpError {
  return new SmcpError('TOKENS_FULL', message, {
    details: { remedy: 'use the tokens there are, or wait until some of them have ended' },
  });
}
