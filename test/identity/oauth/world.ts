// Our side of an issuer: who its tokens stand for, with a clock that the test sets.

import type { LogFields } from '#base/log.ts';
import { keysFromAddress } from '#identity/oauth/fetch-keys.ts';
import { createIssuer, type IssuerOptions } from '#identity/oauth/issuer.ts';
import { createIssuerKeys } from '#identity/oauth/keys.ts';
import { agent } from '#test/identity/world.ts';
import { AUDIENCE, type TestIssuer } from './issuer-server.ts';

export function createSide({ url }: TestIssuer, more: Partial<IssuerOptions> = {}) {
  const time = { nowMs: Date.now(), steadyMs: 0 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.steadyMs };
  const said: { readonly message: string; readonly fields: LogFields }[] = [];
  const say = (message: string, fields: LogFields = {}) => void said.push({ message, fields });
  const logger = { debug: say, info: say, warn: say, error: say };
  const agents = [agent('athena'), agent('hermes')];
  const stopping = new AbortController();
  const keys = createIssuerKeys({ source: keysFromAddress(`${url}/keys`, stopping.signal), clock, logger });
  const options: IssuerOptions = {
    ...{ issuer: url, audience: AUDIENCE, algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'], type: 'at+jwt' },
    ...{ leewayMs: 30_000, agentClaim: 'client_id', requiredScopes: [] },
    ...more,
  };
  const issuer = createIssuer({ keys, clock, logger, isAgent: (name) => agents.includes(name) }, options);
  return {
    ...issuer,
    keys,
    stopping,
    time,
    agents,
    said,
    /** The agent that a token stands for; undefined when it is refused. */
    agentOf: async (token: string): Promise<string | undefined> => {
      const principal = await issuer.authenticate(token);
      return principal?.kind === 'agent' ? principal.agent : undefined;
    },
    /** Why the last one was refused, as our own messages say it. */
    why: () => String(said.at(-1)?.fields['why'] ?? said.at(-1)?.message),
  };
}
