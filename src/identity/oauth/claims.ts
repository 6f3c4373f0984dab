// What the claims of a verified token say: which agent, and what it leaves of what the policy gives. Pure. **Trust:** the claims are the
// issuer's; they never make an agent, and a claim that can't be read takes everything away.

import type { JWTPayload } from 'jose';
import { SmcpError } from '#base/errors.ts';
import { type AgentName, parseAgentName, type TokenRights } from '#domain/agent.ts';
import { compileScopes, isMeantAsScope } from '#domain/token-scope.ts';

export type ClaimOptions = {
  /** The claim that says which agent. */
  readonly agentClaim: string;
  /** Agents by the claim's value; absent: the value is the agent's name. */
  readonly agents?: { readonly [value: string]: string };
};

/** A claim that is no text names nobody, nor does a name that is reserved. */
export function agentIn(claims: JWTPayload, { agentClaim, agents }: ClaimOptions): AgentName | undefined {
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
export function rightsIn(
  claims: JWTPayload,
  required: readonly string[],
): { readonly rights?: TokenRights } | undefined {
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
