// Agents whose tokens another issuer signed: which agent of the policy, with which scopes, until when. **Trust:** the configuration names
// the issuer; what it signs is believed within that, and never makes an agent that the policy doesn't name.

import type { Clock } from '#base/clock.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/log.ts';
import { createSetBack } from '#base/set-back.ts';
import type { AgentName, Principal, SignedBy } from '#domain/agent.ts';
import type { DoorAuthenticator } from '#domain/ports.ts';
import type { SignedRevocations } from '#domain/token-ports.ts';
import { signedTokenId } from '#identity/token-text.ts';
import { type TokenDemands, type VerifiedToken, verifyAccessToken } from './access-token.ts';
import { agentIn, type ClaimOptions, rightsIn } from './claims.ts';
import type { IssuerKeys } from './keys.ts';
import { createKnownTokens, type SignedPrincipal } from './known-tokens.ts';
import type { SpeaksFor } from './speaks-for.ts';

export type IssuerOptions = TokenDemands &
  ClaimOptions & {
    /** Scopes that a token must have. */
    readonly requiredScopes: readonly string[];
  };

export type IssuerPorts = {
  readonly keys: IssuerKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the policy in force names it. Asked at each decision about a call. */
  readonly isAgent: (name: AgentName) => boolean;
  /** Whether the issuer may have it act. Asked at each decision, too. */
  readonly speaksFor: SpeaksFor;
  /** Whether a person has taken it back here. */
  readonly isRevoked: SignedRevocations['isRevoked'];
};

/** Whether an issuer still stands behind a token of its that others were exchanged for. */
export type Voucher = {
  /** By the keys that were fetched last. */
  readonly vouches: (signedBy: SignedBy, agent: AgentName) => boolean;
  /** The same, after keys were fetched where there are none yet, or none of that id. */
  readonly vouch: (signedBy: SignedBy, agent: AgentName) => Promise<boolean>;
};

export type Issuer = DoorAuthenticator &
  Voucher & {
    /** The agent of a token by its id; undefined for one that was not shown since the start, or has ended. */
    readonly ownerOf: (id: string) => AgentName | undefined;
    /** Watches no time any more. */
    readonly close: () => void;
  };

/** Tokens that were verified are remembered until they end: a client shows the same one with each request. */
export function createIssuer({ clock: wall, ...others }: IssuerPorts, options: IssuerOptions): Issuer {
  const setBack = createSetBack(wall, () => {});
  // The latest time that was seen: a clock that is set back gives no token again.
  const clock: Clock = { nowMs: () => wall.nowMs() + setBack.behindMs(), monotonicMs: wall.monotonicMs };
  const ports: IssuerPorts = { ...others, clock };
  const { keys, logger, isAgent, speaksFor, isRevoked } = ports;
  const changes = createListeners();
  const unsubscribe = keys.onChange(changes.tell);

  const vouches: Voucher['vouches'] = (signedBy, agent) =>
    keys.has(signedBy.keyId, signedBy.keyDigest) &&
    isAgent(agent) &&
    speaksFor(agent) &&
    !isRevoked(signedBy, options.leewayMs);

  const stillHolds = (principal: Principal): boolean => {
    if (principal.kind !== 'agent' || principal.signed === undefined) return false;
    return clock.nowMs() < principal.signed.expiresMs && vouches(principal.signed, principal.agent);
  };

  const known = createKnownTokens({ clock, stillHolds, onEnded: changes.tell });

  const verifiedTexts = new WeakMap<Principal, Digest>();

  const authenticate = async (text: string): Promise<Principal | undefined> => {
    const tokenId = signedTokenId(text);
    const seen = known.find(tokenId);
    // An id says nothing of the signature: only the very text that was verified is believed again.
    if (seen !== undefined && stillHolds(seen) && verifiedTexts.get(seen) === sha256(text)) {
      // Has them fetched anew when they are old: the key may have been taken back while nobody came.
      await keys.withKey(seen.signed?.keyId ?? '').catch(() => {});
      return stillHolds(seen) ? seen : undefined;
    }
    const verified = await verify(text, options, ports);
    if (verified === undefined) return undefined;
    const { claims, signed } = verified;
    if (isRevoked(signed, options.leewayMs)) {
      logger.debug('a signed token was refused', { why: 'it was revoked here' });
      return undefined;
    }
    const agent = agentIn(claims, options);
    if (agent === undefined || !isAgent(agent)) {
      logger.warn('a good token of the issuer names no agent of the policy', { claim: options.agentClaim });
      return undefined;
    }
    if (!speaksFor(agent)) {
      const remedy = 'name it under speaksFor or agents of the issuer in config.yaml';
      logger.warn('a good token names an agent that its issuer may not speak for', {
        ...{ agent, issuer: options.issuer, remedy },
      });
      return undefined;
    }
    const rights = rightsIn(claims, options.requiredScopes);
    if (rights === undefined) {
      logger.warn('a good token of the issuer has a scope of tools or doors that is none', { agent });
      return undefined;
    }
    const principal: SignedPrincipal = { kind: 'agent', agent, tokenId, ...rights, signed };
    verifiedTexts.set(principal, sha256(text));
    known.remember(principal);
    return principal;
  };

  return {
    authenticate,
    stillHolds,
    vouches,
    vouch: async (signedBy, agent) => {
      await keys.withKey(signedBy.keyId).catch(() => {});
      return vouches(signedBy, agent);
    },
    ownerOf: known.ownerOf,
    onChange: changes.onChange,
    close: () => {
      unsubscribe();
      known.close();
    },
  };
}

/** What is wrong is not told to who shows it. Never the token's own text. */
async function verify(text: string, options: IssuerOptions, ports: IssuerPorts): Promise<VerifiedToken | undefined> {
  try {
    return await verifyAccessToken(text, options, ports);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : 'unknown';
    ports.logger.debug('a signed token was refused', { why });
    return undefined;
  }
}
