// With an issuer that others wrote: the client finds it by what this server answers, gets a token there and calls with it. Nothing is told to
// anybody but the address of this server, the name of the issuer, and the client's own secret.

import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DenialServer, openDenialServer } from './denial-world.ts';
import { askForToken } from './exchange-world.ts';
import { freePort } from './oauth-world.ts';
import { type OidcIssuer, openOidcIssuer, SECRET } from './oidc-issuer.ts';

const OTHER = 'https://other.example/mcp';

type World = { readonly issuer: OidcIssuer; readonly server: DenialServer; readonly resource: string };

/** @param path of the issuer's name */
async function openWorld(path: string): Promise<World> {
  const port = await freePort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  const scope = 'smcp tools:demo_text__echo tools:demo_text__*';
  const issuer = await openOidcIssuer({
    path,
    clients: ['athena', 'zeus', 'hera'],
    resources: () => ({ [resource]: scope, [OTHER]: 'smcp' }),
  });
  const oauth = [
    `issuer: ${issuer.url}`,
    `audience: ${resource}`,
    'agentClaim: client_id',
    'speaksFor: [athena, zeus]',
  ];
  const config = `version: 1\noauth:\n${oauth.map((line) => `  ${line}\n`).join('')}`;
  return { issuer, resource, server: await openDenialServer({ config, port }) };
}

async function closeWorld({ server, issuer }: World): Promise<void> {
  await server.close();
  await issuer.close();
}

/** A client that knows nothing but what a person would write into it. */
async function callWith({ issuer, resource }: World, clientId: string, scope?: string) {
  const authProvider = new ClientCredentialsProvider({
    ...{ clientId, clientSecret: SECRET, expectedIssuer: issuer.url },
    ...(scope === undefined ? {} : { scope }),
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider }));
  try {
    const { tools } = await client.listTools();
    const answer = await client.callTool({ name: 'demo_text__echo', arguments: { message: 'found' } });
    return { tools: tools.map(({ name }) => name), answer, token: authProvider.tokens()?.access_token ?? '' };
  } finally {
    await client.close();
  }
}

describe.each([
  ['without a path', ''],
  ['with a path', '/realms/home'],
])('an issuer %s', (_, path) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(path);
  });
  afterAll(() => closeWorld(world));

  test('is found by the 2.x client, from the 401 over both metadata to a token, and the call is answered', async () => {
    const { answer, token } = await callWith(world, 'athena');
    expect(answer.isError).not.toBe(true);
    expect(JSON.stringify(answer.content)).toContain('found');
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'RS256' });
    expect(decodeJwt(token)).toMatchObject({ iss: world.issuer.url, aud: world.resource, client_id: 'athena' });
    const [newest] = ((await world.server.admin.call('log_tail', { count: 1 })).data as { record: unknown }[]).slice(
      -1,
    );
    expect(newest?.record).toMatchObject({
      predicate: { agent: 'athena', token: { id: expect.stringMatching(/^oauth_/) } },
    });
  });

  test('gives scopes of ours, which narrow', async () => {
    const all = await callWith(world, 'athena');
    const { tools } = await callWith(world, 'athena', 'tools:demo_text__echo');
    expect(tools).toEqual(['demo_text__echo']);
    expect(all.tools.length).toBeGreaterThan(1);
  });

  test('gives tokens that are exchanged for those of sub-agents', async () => {
    const token = await world.issuer.tokenFor('athena', { resource: world.resource });
    const below = await askForToken(world.server.app.url, token);
    expect(below.status).toBe(200);
    expect((await askForToken(world.server.app.url, String(below.body['access_token']))).status).toBe(200);
  });

  test('has no tokens taken that are for another resource, for none, or of clients that are no agents', async () => {
    const { issuer, server, resource } = world;
    const status = async (token: string) => (await askForToken(server.app.url, token)).status;
    expect(await status(await issuer.tokenFor('athena', { resource }))).toBe(200);
    expect(await status(await issuer.tokenFor('athena', { resource: OTHER }))).toBe(401);
    expect(await status(await issuer.tokenFor('athena'))).toBe(401);
    // The policy names none of that name; the other it names, and the issuer may not speak for her.
    expect(await status(await issuer.tokenFor('zeus', { resource }))).toBe(401);
    expect(await status(await issuer.tokenFor('hera', { resource }))).toBe(401);
  });
});

test('a client whose secret is wrong gets nothing, and makes no call', async () => {
  const world = await openWorld('');
  const authProvider = new ClientCredentialsProvider({
    ...{ clientId: 'athena', clientSecret: 'wrong', expectedIssuer: world.issuer.url },
  });
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(world.resource), { authProvider });
  await expect(client.connect(transport)).rejects.toThrow();
  await closeWorld(world);
});

test('another key of the issuer, found when the first token of its comes, is taken after the restart of the issuer', async () => {
  const world = await openWorld('');
  await world.issuer.start('second');
  const token = await world.issuer.tokenFor('athena', { resource: world.resource });
  expect(decodeProtectedHeader(token).kid).toBe('second');
  expect((await askForToken(world.server.app.url, token)).status).toBe(200);
  await closeWorld(world);
});
