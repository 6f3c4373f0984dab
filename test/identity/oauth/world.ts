// Our side of an issuer: who its tokens stand for, with a clock that the test sets.

import type { LogFields } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import type { MetaStore } from '#domain/store-ports.ts';
import { keysByDiscovery } from '#identity/oauth/discover.ts';
import { keysFromAddress } from '#identity/oauth/fetch-keys.ts';
import { createIssuer, type IssuerOptions } from '#identity/oauth/issuer.ts';
import { createIssuerKeys } from '#identity/oauth/keys.ts';
import { createSignedRevocations } from '#identity/oauth/revocations.ts';
import { createSpeaksFor } from '#identity/oauth/speaks-for.ts';
import { agent } from '#test/identity/world.ts';
import { AUDIENCE, type TestIssuer } from './issuer-server.ts';

export function memoryMeta(rows = new Map<string, string>()): MetaStore & { readonly rows: Map<string, string> } {
  return { rows, get: (key) => rows.get(key), put: (key, value) => void rows.set(key, value) };
}

export type SideOptions = Partial<IssuerOptions> & {
  /** By the issuer's metadata, in place of the address of its keys. */
  readonly isDiscovered?: boolean;
  readonly speaksFor?: readonly string[];
  /** What revocations are kept in. */
  readonly kept?: MetaStore;
};

export function createSide({ url }: Pick<TestIssuer, 'url'>, more: SideOptions = {}) {
  const { isDiscovered = false, speaksFor: patterns, kept = memoryMeta(), ...demands } = more;
  const time = { nowMs: Date.now(), steadyMs: 0 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.steadyMs };
  const said: { readonly message: string; readonly fields: LogFields }[] = [];
  const say = (message: string, fields: LogFields = {}) => void said.push({ message, fields });
  const logger = { debug: say, info: say, warn: say, error: say };
  const agents = [agent('athena'), agent('hermes')];
  const administering = new Set<AgentName>();
  const stopping = new AbortController();
  const options: IssuerOptions = {
    ...{ issuer: url, audience: AUDIENCE, algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'], type: 'at+jwt' },
    ...{ leewayMs: 30_000, agentClaim: 'client_id', requiredScopes: [] },
    ...demands,
  };
  const revocations = createSignedRevocations({ store: kept, clock, logger });
  const source = isDiscovered
    ? keysByDiscovery(options.issuer, { clock, logger, stopping: stopping.signal })
    : keysFromAddress(`${url}/keys`, stopping.signal);
  const keys = createIssuerKeys({ source, clock, logger });
  const speaksFor = createSpeaksFor(patterns, (name) => administering.has(name));
  const issuer = createIssuer(
    { keys, clock, logger, speaksFor, isRevoked: revocations.isRevoked, isAgent: (name) => agents.includes(name) },
    options,
  );
  return {
    ...issuer,
    keys,
    revocations,
    stopping,
    time,
    agents,
    administering,
    said,
    logger,
    /** The agent that a token stands for; undefined when it is refused. */
    agentOf: async (token: string): Promise<string | undefined> => {
      const principal = await issuer.authenticate(token);
      return principal?.kind === 'agent' ? principal.agent : undefined;
    },
    /** Why the last one was refused, as our own messages say it. */
    why: () => String(said.at(-1)?.fields['why'] ?? said.at(-1)?.message),
  };
}
