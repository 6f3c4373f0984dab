// Whose tokens the doors take: our own, and those of the issuers that the configuration names.

import { resolve } from 'node:path';
import { systemClock } from '#base/clock.ts';
import type { OAuthConfig } from '#config/oauth.ts';
import type { AgentName } from '#domain/agent.ts';
import type { ApproverPolicy, PolicyAdmin, PolicyDecider } from '#domain/policy-ports.ts';
import type { DoorAuthenticator, SignedTokens, TokenAuthority, ToolCatalog } from '#domain/ports.ts';
import type { MetaStore } from '#domain/store-ports.ts';
import { joinAuthenticators } from '#identity/authenticators.ts';
import { keysByDiscovery } from '#identity/oauth/discover.ts';
import { type KeySource, keysFromAddress, keysFromFile } from '#identity/oauth/fetch-keys.ts';
import { createIssuer } from '#identity/oauth/issuer.ts';
import { createIssuers } from '#identity/oauth/issuers.ts';
import { createIssuerKeys } from '#identity/oauth/keys.ts';
import { createSignedRevocations } from '#identity/oauth/revocations.ts';
import { createSpeaksFor } from '#identity/oauth/speaks-for.ts';
import type { AppOptions } from './app-options.ts';

type Own = {
  readonly tokens: TokenAuthority;
  readonly policy: Pick<PolicyAdmin & PolicyDecider & ApproverPolicy, 'agents' | 'current' | 'mightCall' | 'onChange'>;
  /** Among them the server's own, which stay the same. */
  readonly tools: ToolCatalog;
  readonly meta: MetaStore;
};

type OpenAuthenticator = {
  readonly authenticator: DoorAuthenticator;
  readonly signedTokens: SignedTokens;
  /** To be aborted when the server begins to stop: nobody waits for an issuer then. */
  readonly stopping: AbortController;
};

/** An issuer's keys are fetched when the first token of its is shown. */
export function openAuthenticator(
  { config: { oauth }, home, logger }: AppOptions,
  own: Own,
  stack: AsyncDisposableStack,
): OpenAuthenticator {
  const stopping = new AbortController();
  const ports = { clock: systemClock, logger };
  const revocations = createSignedRevocations({ ...ports, store: own.meta });
  const { isRevoked } = revocations;
  const isAdministering = administeringOf(own, stack);
  const sourceOf = ({ issuer, jwks }: OAuthConfig['issuers'][number]): KeySource => {
    if (jwks === undefined) return keysByDiscovery(issuer, { ...ports, stopping: stopping.signal });
    return 'uri' in jwks
      ? keysFromAddress(jwks.uri, stopping.signal)
      : keysFromFile(resolve(home.directory, jwks.file));
  };
  const opened = (oauth?.issuers ?? []).map((config) => {
    const { speaksFor: patterns, leewaySeconds, ...options } = config;
    const keys = createIssuerKeys({ ...ports, source: sourceOf(config) });
    const speaksFor = createSpeaksFor(patterns, isAdministering);
    const issuer = createIssuer(
      { ...ports, keys, speaksFor, isRevoked, isAgent: agentsOf(own.policy) },
      { ...options, leewayMs: leewaySeconds * 1000 },
    );
    return [config.issuer, issuer] as const;
  });
  const issuers = stack.adopt(createIssuers(new Map(opened), logger), (open) => open.close());
  const authenticator = joinAuthenticators(own.tokens, issuers, revocations.onChange);
  const signedTokens = { ownerOf: issuers.ownerOf, issuers: opened.map(([name]) => name), revocations };
  return { authenticator, signedTokens, stopping };
}

/** Of ten thousand agents the names are looked through once for each policy, and not at each call. */
function agentsOf(policy: Own['policy']): (name: AgentName) => boolean {
  let known: { readonly version: number; readonly names: ReadonlySet<string> } | undefined;
  return (name) => {
    const { version } = policy.current();
    if (known?.version !== version) known = { version, names: new Set(policy.agents()) };
    return known.names.has(name);
  };
}

/** Agents that might ever use a tool of the server itself, each looked at once until the policy, or what it gives by now, changes. */
function administeringOf({ policy, tools }: Own, stack: AsyncDisposableStack): (agent: AgentName) => boolean {
  const adminTools = tools.tools().filter(({ kind }) => kind === 'admin');
  const known = new Map<AgentName, boolean>();
  stack.defer(policy.onChange(() => known.clear()));
  return (agent) => {
    const found = known.get(agent);
    if (found !== undefined) return found;
    const nowMs = systemClock.nowMs();
    const isOne = adminTools.some(({ name }) => policy.mightCall(agent, name, nowMs));
    known.set(agent, isOne);
    return isOne;
  };
}
