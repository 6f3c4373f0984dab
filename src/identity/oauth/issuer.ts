// Agents whose tokens another issuer signed: which agent of the policy, with which scopes, until when. **Trust:** the configuration names
// the issuer; what it signs is believed within that, and never makes an agent that the policy doesn't name.

import type { Clock } from '#base/clock.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/log.ts';
import { createSetBack } from '#base/set-back.ts';
import { type AgentName, type Principal, parseAgentName } from '#domain/agent.ts';
import type { DoorAuthenticator, SignedTokens } from '#domain/ports.ts';
import { compileScopes, isMeantAsScope } from '#domain/token-scope.ts';
import { signedTokenId } from '#identity/token-text.ts';
import { type TokenDemands, type VerifiedToken, verifyAccessToken } from './access-token.ts';
import type { IssuerKeys } from './keys.ts';
import { createKnownTokens, type SignedPrincipal } from './known-tokens.ts';

export type IssuerOptions = TokenDemands & {
  /** The claim that says which agent. */
  readonly agentClaim: string;
  /** Agents by the claim's value; absent: the value is the agent's name. */
  readonly agents?: { readonly [value: string]: string };
  /** Scopes that a token must have. */
  readonly requiredScopes: readonly string[];
};

export type IssuerPorts = {
  readonly keys: IssuerKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the policy in force names it. Asked at each decision about a call. */
  readonly isAgent: (name: AgentName) => boolean;
};

export type Issuer = DoorAuthenticator &
  SignedTokens & {
    /** Watches no time any more. */
    readonly close: () => void;
  };

/** Tokens that were verified are remembered until they end: a client shows the same one with each request. */
export function createIssuer({ clock: wall, ...others }: IssuerPorts, options: IssuerOptions): Issuer {
  const setBack = createSetBack(wall, () => {});
  // The latest time that was seen: a clock that is set back gives no token again.
  const clock: Clock = { nowMs: () => wall.nowMs() + setBack.behindMs(), monotonicMs: wall.monotonicMs };
  const ports: IssuerPorts = { ...others, clock };
  const { keys, logger, isAgent } = ports;
  const changes = createListeners();
  const unsubscribe = keys.onChange(changes.tell);

  const stillHolds = (principal: Principal): boolean => {
    if (principal.kind !== 'agent' || principal.signed === undefined) return false;
    const { expiresMs, keyId } = principal.signed;
    return clock.nowMs() < expiresMs && keys.has(keyId) && isAgent(principal.agent);
  };

  const known = createKnownTokens({ clock, stillHolds, onEnded: changes.tell });

  const verifiedTexts = new WeakMap<Principal, Digest>();

  const authenticate = async (text: string): Promise<Principal | undefined> => {
    const tokenId = signedTokenId(text);
    const seen = known.find(tokenId);
    // An id says nothing of the signature: only the very text that was verified is believed again.
    if (seen !== undefined && stillHolds(seen) && verifiedTexts.get(seen) === sha256(text)) {
      // Has them fetched anew when they are old; who has a good token does not wait for that.
      keys.withKey(seen.signed?.keyId ?? '').catch(() => {});
      return seen;
    }
    let verified: VerifiedToken;
    try {
      verified = await verifyAccessToken(text, options, ports);
    } catch (thrown) {
      // What is wrong is not told to who shows it. Never the token's own text.
      const why = thrown instanceof Error ? thrown.message : 'unknown';
      logger.debug('a signed token was refused', { why });
      return undefined;
    }
    const agent = agentOf(verified, options);
    if (agent === undefined || !isAgent(agent)) {
      logger.warn('a good token of the issuer names no agent of the policy', { claim: options.agentClaim });
      return undefined;
    }
    const rights = rightsOf(verified, options.requiredScopes);
    if (rights === undefined) {
      logger.warn('a good token of the issuer has a scope of tools or doors that is none', { agent });
      return undefined;
    }
    const { expiresMs, keyId } = verified;
    const principal: SignedPrincipal = { kind: 'agent', agent, tokenId, ...rights, signed: { expiresMs, keyId } };
    verifiedTexts.set(principal, sha256(text));
    known.remember(principal);
    return principal;
  };

  return {
    authenticate,
    stillHolds,
    ownerOf: known.ownerOf,
    onChange: changes.onChange,
    close: () => {
      unsubscribe();
      known.close();
    },
  };
}

/** A claim that is no text names nobody, nor does a name that is reserved. */
function agentOf({ claims }: VerifiedToken, { agentClaim, agents }: IssuerOptions): AgentName | undefined {
  const value = Object.hasOwn(claims, agentClaim) ? claims[agentClaim] : undefined;
  if (typeof value !== 'string') return undefined;
  if (agents === undefined) return parseAgentName(value);
  return Object.hasOwn(agents, value) ? parseAgentName(agents[value]) : undefined;
}

/**
 * Scopes of ours narrow; others are the issuer's matter. Undefined where one is meant as ours and is not, or where what stands there
 * can not be read: it was to take something away.
 *
 * @throws `INSUFFICIENT_SCOPE`
 */
function rightsOf({ claims }: VerifiedToken, required: readonly string[]): Pick<SignedPrincipal, 'rights'> | undefined {
  const given = CLAIMS_OF_SCOPES.map((name) => readScopeClaim(Object.hasOwn(claims, name) ? claims[name] : undefined));
  const read = given.filter((list) => list !== undefined);
  if (read.length < given.length) return undefined;
  const all = read.flat();
  const lacking = required.filter((one) => !all.includes(one));
  if (lacking.length > 0) {
    throw new SmcpError('INSUFFICIENT_SCOPE', 'the token lacks a scope that every token must have here', {
      details: { scope: required.join(' '), remedy: 'ask the issuer for it' },
    });
  }
  const own = read.map((list) => list.filter(isMeantAsScope)).filter((list) => list.length > 0);
  if (own.length === 0) return {};
  const scopes = compileScopes(own);
  return scopes === undefined ? undefined : { rights: { scopes, onBehalfOf: [], actors: [] } };
}

/** That of RFC 9068 first; some issuers write the other one in its place. Of a token with both each narrows. */
const CLAIMS_OF_SCOPES = ['scope', 'scp'];
/** RFC 6749 §3.3: `scope-token`. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** A text with spaces between, or a list of texts; absent: `[]`. Undefined for everything else: a tab could hide a scope. */
function readScopeClaim(claim: unknown): readonly string[] | undefined {
  if (claim === undefined) return [];
  const list: unknown = typeof claim === 'string' ? claim.split(' ').filter((one) => one !== '') : claim;
  if (!Array.isArray(list)) return undefined;
  return list.every((one) => typeof one === 'string' && SCOPE_TOKEN.test(one)) ? list : undefined;
}
