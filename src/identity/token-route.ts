// `POST /oauth/token`: an agent exchanges the token that it shows for a narrower one, for a sub-agent. **Source:** RFC 8693, as far as there
// is anything to ask for: subject and client are who shows the token. **Trust:** every parameter is the agent's.

import { type Clock, rfc3339 } from '#base/clock.ts';
import { ERRORS } from '#base/error-table.ts';
import { asSmcpError, SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import type { AgentName, Principal } from '#domain/agent.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from '#domain/door-ports.ts';
import { describeFreeze } from '#domain/freeze.ts';
import type { FreezeDecider, RecordLog, TokenAuthority } from '#domain/ports.ts';
import type { ExchangeWish } from '#domain/token-ports.ts';

export type TokenRoutePorts = {
  readonly tokens: Pick<TokenAuthority, 'exchange'>;
  /** Who a token stands for, of our own and of those that a trusted issuer signed. */
  readonly authenticate: (token: string) => Promise<Principal | undefined> | Principal | undefined;
  readonly freezes: FreezeDecider;
  readonly log: RecordLog;
  readonly clock: Clock;
  readonly agents: () => readonly AgentName[];
};

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const ACTOR = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const KNOWN: ReadonlySet<string> = new Set([
  ...['grant_type', 'subject_token', 'subject_token_type', 'requested_token_type', 'scope'],
  // Ours: how long it is to be good, in seconds, and what the sub-agent calls itself.
  ...['expires_in', 'actor'],
]);

/** The route; open to every agent, since nobody gets more by it. */
export function tokenRoute(ports: TokenRoutePorts): HttpRoute {
  return {
    method: 'POST',
    path: '/oauth/token',
    access: 'principal',
    takesForm: true,
    handle: async (request) => {
      try {
        return { status: 200, body: await exchange(ports, request) };
      } catch (thrown) {
        return refusal(asSmcpError(thrown));
      }
    },
  };
}

async function exchange(ports: TokenRoutePorts, { principal, body, mayStillAct }: HttpRequest): Promise<JsonObject> {
  const { tokens, freezes, log, clock, agents } = ports;
  if (principal?.kind !== 'agent') {
    throw new SmcpError('FORBIDDEN', 'tokens are exchanged by agents', {
      details: { remedy: 'a person issues one with: smcp agent token NAME' },
    });
  }
  const { agent, tokenId } = principal;
  const { subjectToken, ...wish } = wishOf(body);
  await checkSubject(ports, subjectToken, principal);
  const freeze = freezes.stops({ agent });
  if (freeze !== undefined) {
    const { reason, remedy } = describeFreeze(freeze);
    throw new SmcpError('FROZEN', reason, { details: { remedy } });
  }
  if (!agents().includes(agent)) throw new SmcpError('AGENT_UNKNOWN', `the policy names no agent ${agent}`);
  const record = async (id: string): Promise<void> => {
    const named = wish.actor === undefined ? '' : ` as ${wish.actor}`;
    const subject = [`${id} below ${tokenId}${named}`, ...wish.scopes].join(' ');
    const time = rfc3339(clock.nowMs());
    await log.append({ kind: 'admin', predicate: { operation: 'token_exchange', subject, by: agent, time } });
  };
  const issued = await tokens.exchange(principal, { ...wish, mayStillAct, record });
  return {
    access_token: issued.token,
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: Math.max(0, Math.floor(((issued.expiresMs ?? 0) - clock.nowMs()) / 1000)),
    scope: wish.scopes.join(' '),
    id: issued.id,
  };
}

/** What is exchanged is the token that the request came with, said twice. */
async function checkSubject(
  { authenticate }: TokenRoutePorts,
  subjectToken: string | undefined,
  { tokenId }: Principal,
): Promise<void> {
  if (subjectToken === undefined) return;
  const subject = await authenticate(subjectToken);
  if (subject?.tokenId === tokenId) return;
  throw invalid('subject_token is not the token that the request came with', 'show the same token in both places');
}

type Wish = Pick<ExchangeWish, 'scopes' | 'actor' | 'expiresInMs'> & { readonly subjectToken?: string };

/** @throws `REQUEST_INVALID` for what is not understood: nothing that was asked for is left out. */
function wishOf(body: Json | undefined): Wish {
  if (!isJsonObject(body)) throw invalid('the parameters are missing', 'send them as a form, or as a JSON object');
  const texts: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'string') throw invalid(`${name} must be a text`, 'write numbers as text, too');
    if (!KNOWN.has(name))
      throw invalid('there is a parameter that this server does not take', `it takes ${[...KNOWN].join(', ')}`);
    texts[name] = value;
  }
  const { grant_type: grantType, subject_token_type: type, requested_token_type: requested = ACCESS_TOKEN } = texts;
  if (grantType !== GRANT_TYPE) throw invalid(`grant_type must be ${GRANT_TYPE}`, "other grants are an issuer's");
  if (type !== undefined && type !== ACCESS_TOKEN && type !== JWT)
    throw invalid('subject_token_type is not taken', ACCESS_TOKEN);
  if (requested !== ACCESS_TOKEN) throw invalid('requested_token_type is not given', ACCESS_TOKEN);
  const { scope = '', expires_in: seconds, actor, subject_token: subjectToken } = texts;
  if (seconds !== undefined && !/^[1-9][0-9]{0,8}$/.test(seconds)) {
    throw invalid('expires_in must be whole seconds', 'write digits only, such as 600');
  }
  if (actor !== undefined && !ACTOR.test(actor)) {
    throw invalid('actor must be a short name in lower case', 'letters, digits, ., _ and -, such as researcher');
  }
  return {
    scopes: scope.split(' ').filter((one) => one !== ''),
    ...(actor === undefined ? {} : { actor }),
    ...(seconds === undefined ? {} : { expiresInMs: Number(seconds) * 1000 }),
    ...(subjectToken === undefined ? {} : { subjectToken }),
  };
}

/** As clients of OAuth read it, beside our own code. **Source:** RFC 6749 §5.2. */
function refusal({ code, message, details }: SmcpError): HttpAnswer {
  const byCode: { readonly [code: string]: string } = {
    USAGE: 'invalid_scope',
    REQUEST_INVALID: 'invalid_request',
    FORBIDDEN: 'unauthorized_client',
    UNAUTHENTICATED: 'invalid_grant',
  };
  const error = byCode[code] ?? 'access_denied';
  // The standard has 400 for what the client did wrong; what is over a bound, or unavailable, keeps its own.
  const status = byCode[code] === undefined ? ERRORS[code].http : 400;
  return { status, body: { error, error_description: message, code, details } };
}

function invalid(message: string, remedy: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: { remedy } });
}
