// An issuer that others wrote and that is certified for OpenID Connect, on this machine: clients with secrets get access tokens of RFC 9068 for
// the resource that they ask for (RFC 8707).

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

export type OidcIssuer = Awaited<ReturnType<typeof openOidcIssuer>>;

export const SECRET = 'a secret of a client, for tests only';

/**
 * @param options.path of the issuer's name, such as `/realms/home`; `''`: none
 * @param options.resources what tokens may be asked for, each with the scopes that it may have
 */
export async function openOidcIssuer({
  clients,
  path = '',
  resources,
}: {
  readonly clients: readonly string[];
  readonly path?: string;
  readonly resources: () => { readonly [resource: string]: string };
}) {
  let answer: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => {
    // As behind a proxy: what is mounted at a path sees the rest of it.
    const own = request.url ?? '';
    if (path !== '' && !own.startsWith(`${path}/`)) return void response.writeHead(404).end();
    request.url = own.slice(path.length);
    Object.assign(request, { originalUrl: own, baseUrl: path });
    answer(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  /** With a key of its own, as after a rotation; what the one before signed is verified by nobody any more. */
  const start = async (kid: string): Promise<void> => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const key = { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
    const provider = new Provider(url, {
      clients: clients.map((id) => ({
        ...{ client_id: id, client_secret: SECRET, grant_types: ['client_credentials'] },
        ...{ redirect_uris: [], response_types: [] },
      })),
      jwks: { keys: [key] },
      ttl: { ClientCredentials: 600 },
      scopes: [...new Set(Object.values(resources()).flatMap((scope) => scope.split(' ')))],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context: unknown, resource: string) => ({
            scope: resources()[resource] ?? '',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    });
    answer = provider.callback();
  };
  await start('first');

  /** A token as a client of its own asks for it; no resource: what the issuer gives then. */
  const tokenFor = async (client: string, more: { readonly [name: string]: string } = {}): Promise<string> => {
    const credentials = Buffer.from(`${client}:${encodeURIComponent(SECRET)}`).toString('base64');
    const asked = await fetch(`${url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...more }),
    });
    const body = (await asked.json()) as { readonly access_token?: string; readonly error?: string };
    if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
    return body.access_token;
  };

  return {
    ...{ url, start, tokenFor },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
