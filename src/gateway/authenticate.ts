// From a request's headers to who asks. A token is taken from `Authorization: Bearer` or `X-API-Key`, never from the
// URL, which proxies and shells keep. **Trust:** every header is the caller's.

import type { IncomingHttpHeaders } from 'node:http';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Principal } from '#domain/agent.ts';
import type { Door } from '#domain/invocation.ts';
import type { DoorAuthenticator } from '#domain/ports.ts';

/** A caller that is an agent. */
export type AgentCaller = Extract<Principal, { kind: 'agent' }>;

const BEARER = /^bearer +([\x21-\x7e]+)$/i;
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Who asks; undefined without a token, with one that is unknown, expired or revoked, or with two that differ: a request
 * has one author.
 */
export function callerOf(
  headers: IncomingHttpHeaders,
  { authenticate }: Pick<DoorAuthenticator, 'authenticate'>,
): ReturnType<DoorAuthenticator['authenticate']> {
  const { authorization } = headers;
  const apiKey = headers['x-api-key'];
  const bearer = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (authorization !== undefined && bearer === undefined) return undefined;
  if (apiKey !== undefined && (typeof apiKey !== 'string' || !TOKEN.test(apiKey))) return undefined;
  if (bearer !== undefined && apiKey !== undefined && bearer !== apiKey) return undefined;
  const token = bearer ?? apiKey;
  if (token === undefined || token.length > LIMITS.accessTokenLengthMax) return undefined;
  return authenticate(token);
}

/** The one answer to a request without a good token, whatever is wrong with it and wherever it goes. */
export function unauthenticated(): SmcpError {
  return new SmcpError('UNAUTHENTICATED', 'a valid token is needed', {
    details: {
      remedy: 'send one token as `Authorization: Bearer …` or `X-API-Key: …`; `smcp agent token NAME` makes one',
    },
  });
}

/** @throws `FORBIDDEN` for an admin: grants need a name, and an admin has none · `INSUFFICIENT_SCOPE` */
export function requireAgent(caller: Principal, door: Door): AgentCaller {
  if (caller.kind === 'agent') {
    requireDoor(caller, door);
    return caller;
  }
  throw new SmcpError('FORBIDDEN', 'tools are called by agents: grants need a name', {
    details: { remedy: "use an agent's token here; `smcp agent token NAME` makes one" },
  });
}

/** @throws `INSUFFICIENT_SCOPE` where an agent's token is not for this door */
export function requireDoor(caller: Principal, door: Door): void {
  if (caller.kind !== 'agent' || caller.rights?.scopes.allowsDoor(door) !== false) return;
  throw new SmcpError('INSUFFICIENT_SCOPE', `the token's scopes leave out doors:${door}`, {
    details: { scope: `doors:${door}`, remedy: 'come by a door that it is for, or with another token' },
  });
}

/** @throws `FORBIDDEN` for an agent. */
export function requireAdmin(caller: Principal): Principal {
  if (caller.kind === 'admin') return caller;
  throw new SmcpError('FORBIDDEN', 'this route is for people with the admin token', {
    details: { remedy: 'use the token in `admin.token` of the home' },
  });
}
