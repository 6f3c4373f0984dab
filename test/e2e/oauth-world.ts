// A whole server that takes the tokens of another issuer, at an address that is known before it starts.

import { createServer } from 'node:net';
import { openIssuer, type TestIssuer } from '#test/identity/oauth/issuer-server.ts';
import { metadataOf, publish, RFC8414 } from '#test/identity/oauth/published.ts';
import { type DenialServer, openDenialServer } from './denial-world.ts';

export type OAuthWorld = {
  readonly issuer: TestIssuer;
  readonly server: DenialServer;
  /** What tokens are for. */
  readonly resource: string;
  readonly close: () => Promise<void>;
};

/**
 * @param more further lines of `oauth` in config.yaml
 * @param options.named agents that the issuer may speak for by their very names, beside all that do not administer; `[]`: the configuration
 * says nothing of it. Both agents of the world may use a tool of the server itself.
 */
export async function openOAuthWorld(
  more: readonly string[] = [],
  {
    isDiscovered = false,
    named = ['athena'],
  }: { readonly isDiscovered?: boolean; readonly named?: readonly string[] } = {},
): Promise<OAuthWorld> {
  const issuer = await openIssuer();
  if (isDiscovered) publish(issuer, { [RFC8414]: metadataOf(issuer) });
  const port = await freePort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  const lines = [
    `issuer: ${issuer.url}`,
    `audience: ${resource}`,
    ...(isDiscovered ? [] : [`jwks: { uri: ${issuer.url}/keys }`]),
    'agentClaim: client_id',
    ...(named.length === 0 ? [] : [`speaksFor: ${JSON.stringify(['*', ...named])}`]),
    ...more,
  ];
  const config = `version: 1\noauth:\n${lines.map((line) => `  ${line}\n`).join('')}`;
  const server = await openDenialServer({ config, port });
  return {
    issuer,
    server,
    resource,
    close: async () => {
      await server.close();
      await issuer.close();
    },
  };
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
