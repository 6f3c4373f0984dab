// Signed tokens that were verified, remembered until they end: a client shows the same one with each request. Bounded for each agent and
// in all, and kept in a time that does not grow with their number. Used by issuer.ts. **Trust:** whoever may have tokens signed may have
// any number signed.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { createTimeWatch } from '#base/time-watch.ts';
import type { AgentName, Principal } from '#domain/agent.ts';

export type SignedPrincipal = Principal & { readonly kind: 'agent' };

export type KnownTokens = {
  readonly find: (tokenId: string) => SignedPrincipal | undefined;
  /** Whose it is; also of one that is not remembered any more, so that a person can still revoke it. */
  readonly ownerOf: (tokenId: string) => AgentName | undefined;
  /** The agent's oldest goes where it has too many: it is verified again when it is shown again, and ends at its time all the same. */
  readonly remember: (principal: SignedPrincipal) => void;
  readonly close: () => void;
};

type Ports = {
  readonly clock: Clock;
  readonly stillHolds: (principal: SignedPrincipal) => boolean;
  /** After one or more have ended by themselves. */
  readonly onEnded: () => void;
};

export function createKnownTokens({ clock, stillHolds, onEnded }: Ports): KnownTokens {
  // Both in the order in which they were verified.
  const known = new Map<string, SignedPrincipal>();
  const byAgent = new Map<AgentName, Set<string>>();
  /** Of those that were dropped, too, in the order in which they were verified: calls and sessions that came with them end then. */
  const owners = new Map<string, { readonly agent: AgentName; readonly endMs: number }>();
  const expiries = createTimeWatch(clock, onEnded);
  let tidied: NodeJS.Timeout | undefined;

  const forget = ({ tokenId, agent }: SignedPrincipal): void => {
    known.delete(tokenId);
    const own = byAgent.get(agent);
    own?.delete(tokenId);
    if (own?.size === 0) byAgent.delete(agent);
  };
  const forgetFirst = (ids: Iterable<string> = []): void => {
    for (const id of ids) {
      const first = known.get(id);
      if (first !== undefined) forget(first);
      return;
    }
  };
  const tidy = (): void => {
    const nowMs = clock.nowMs();
    for (const one of known.values()) if (!stillHolds(one)) forget(one);
    for (const [id, { endMs }] of owners) if (endMs <= nowMs) owners.delete(id);
    const ends = new Set([...owners.values()].map(({ endMs }) => endMs));
    expiries.watch([...ends].sort((a, b) => a - b));
  };
  /** At once, and then not again for a while: it looks at all of them. */
  const tidySoon = (): void => {
    if (tidied !== undefined) return;
    tidy();
    const again = () => {
      tidied = undefined;
      tidy();
    };
    tidied = setTimeout(again, LIMITS.accessTokensTidiedMs).unref();
  };

  return {
    find: (tokenId) => known.get(tokenId),
    ownerOf: (tokenId) => {
      const found = owners.get(tokenId);
      return found !== undefined && clock.nowMs() < found.endMs ? found.agent : undefined;
    },
    remember: (principal) => {
      const { agent, tokenId, signed } = principal;
      known.set(tokenId, principal);
      const own = byAgent.get(agent) ?? new Set();
      byAgent.set(agent, own.add(tokenId));
      if (own.size > LIMITS.accessTokensKnownPerAgentMax) forgetFirst(own);
      if (known.size > LIMITS.accessTokensKnownMax) forgetFirst(known.keys());
      owners.set(tokenId, { agent, endMs: signed?.expiresMs ?? 0 });
      const [first] = owners.keys();
      if (first !== undefined && owners.size > LIMITS.accessTokensKnownMax) owners.delete(first);
      tidySoon();
    },
    close: () => {
      clearTimeout(tidied);
      expiries.close();
    },
  };
}
