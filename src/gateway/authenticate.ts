// From a request's headers to who asks. A token is taken from `Authorization: Bearer` or `X-API-Key`, never from the
// URL, which proxies and shells keep. **Trust:** every header is the caller's.

import type { IncomingHttpHeaders } from 'node:http';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName, Principal } from '#domain/agent.ts';
import type { Authenticator } from '#domain/ports.ts';

/** Who asks, and the token's text, kept only to ask again whether it still holds. */
export type Caller = { readonly principal: Principal; readonly token: string };

/** A caller that is an agent. */
export type AgentCaller = { readonly agent: AgentName; readonly token: string; readonly tokenId: string };

const BEARER = /^bearer +([\x21-\x7e]+)$/i;
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Who asks; undefined without a token, with one that is unknown, expired or revoked, or with two that differ: a request
 * has one author.
 */
export function callerOf(headers: IncomingHttpHeaders, authenticator: Authenticator): Caller | undefined {
  const { authorization } = headers;
  const apiKey = headers['x-api-key'];
  const bearer = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (authorization !== undefined && bearer === undefined) return undefined;
  if (apiKey !== undefined && (typeof apiKey !== 'string' || !TOKEN.test(apiKey))) return undefined;
  if (bearer !== undefined && apiKey !== undefined && bearer !== apiKey) return undefined;
  const token = bearer ?? apiKey;
  if (token === undefined || token.length > LIMITS.tokenLengthMax) return undefined;
  const principal = authenticator.authenticate(token);
  return principal === undefined ? undefined : { principal, token };
}

/** Asks again whether a token stands for the agent that it stood for. */
export function stillStandsFor(authenticator: Authenticator, { agent, token }: AgentCaller): boolean {
  const principal = authenticator.authenticate(token);
  return principal?.kind === 'agent' && principal.agent === agent;
}

/** Asks again whether a token stands for the very principal that it stood for. */
export function stillHolds(authenticator: Authenticator, { principal, token }: Caller): boolean {
  const present = authenticator.authenticate(token);
  return present?.kind === principal.kind && present.tokenId === principal.tokenId;
}

/** The one answer to a request without a good token, whatever is wrong with it and wherever it goes. */
export function unauthenticated(): SmcpError {
  return new SmcpError('UNAUTHENTICATED', 'a valid token is needed', {
    details: {
      remedy: 'send one token as `Authorization: Bearer …` or `X-API-Key: …`; `smcp agent token NAME` makes one',
    },
  });
}

/** @throws `FORBIDDEN` for an admin: grants need a name, and an admin has none. */
export function requireAgent(caller: Caller): AgentCaller {
  const { principal, token } = caller;
  if (principal.kind === 'agent') return { agent: principal.agent, token, tokenId: principal.tokenId };
  throw new SmcpError('FORBIDDEN', 'tools are called by agents: grants need a name', {
    details: { remedy: "use an agent's token here; `smcp agent token NAME` makes one" },
  });
}

/** @throws `FORBIDDEN` for an agent. */
export function requireAdmin(caller: Caller): Principal {
  if (caller.principal.kind === 'admin') return caller.principal;
  throw new SmcpError('FORBIDDEN', 'this route is for people with the admin token', {
    details: { remedy: 'use the token in `admin.token` of the home' },
  });
}
