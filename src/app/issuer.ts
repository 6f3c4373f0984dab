// Whose tokens the doors take: our own, and those of the issuer that the configuration names.

import { resolve } from 'node:path';
import { systemClock } from '#base/clock.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PolicyAdmin, PolicyDecider } from '#domain/policy-ports.ts';
import type { DoorAuthenticator, SignedTokens, TokenAuthority } from '#domain/ports.ts';
import { joinAuthenticators } from '#identity/authenticators.ts';
import { keysFromAddress, keysFromFile } from '#identity/oauth/fetch-keys.ts';
import { createIssuer } from '#identity/oauth/issuer.ts';
import { createIssuerKeys } from '#identity/oauth/keys.ts';
import type { AppOptions } from './app-options.ts';

type Own = {
  readonly tokens: TokenAuthority;
  readonly policy: Pick<PolicyAdmin & PolicyDecider, 'agents' | 'current'>;
};

type OpenAuthenticator = {
  readonly authenticator: DoorAuthenticator;
  readonly signedTokens: SignedTokens;
  /** To be aborted when the server begins to stop: nobody waits for an issuer then. */
  readonly stopping: AbortController;
};

/** The issuer's keys are fetched when the first token of its is shown. */
export function openAuthenticator(
  { config: { oauth }, home, logger }: AppOptions,
  { tokens, policy }: Own,
  stack: AsyncDisposableStack,
): OpenAuthenticator {
  const stopping = new AbortController();
  if (oauth === undefined) return { authenticator: tokens, signedTokens: { ownerOf: () => undefined }, stopping };
  const { jwks, leewaySeconds, ...demands } = oauth;
  const source =
    'uri' in jwks ? keysFromAddress(jwks.uri, stopping.signal) : keysFromFile(resolve(home.directory, jwks.file));
  const ports = { clock: systemClock, logger };
  const keys = createIssuerKeys({ ...ports, source });
  const issuer = stack.adopt(
    createIssuer({ ...ports, keys, isAgent: agentsOf(policy) }, { ...demands, leewayMs: leewaySeconds * 1000 }),
    (opened) => opened.close(),
  );
  return { authenticator: joinAuthenticators(tokens, issuer), signedTokens: issuer, stopping };
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
