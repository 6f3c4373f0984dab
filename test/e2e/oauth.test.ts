// Access tokens of another issuer at a whole server: what clients are told, what is taken, and the table of denials.

import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernStreamable,
} from '@modelcontextprotocol/client';
import {
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
} from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyStreamable } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HTTP_CLIENTS } from '#test/gateway/clients.ts';
import { DENIALS, GOVERNED_DENIALS, observe, SCOPE_DENIALS, type TokenKind } from '#test/gateway/denials.ts';
import type { Claims } from '#test/identity/oauth/issuer-server.ts';
import { ALLOWED, openDenialServer, scopesOf } from './denial-world.ts';
import { askForToken, exchanged } from './exchange-world.ts';
import { type OAuthWorld, openOAuthWorld } from './oauth-world.ts';

let world: OAuthWorld;
beforeAll(async () => {
  world = await openOAuthWorld();
});
afterEach(() => world.server.thaw());
afterAll(() => world.close());

const signed = (claims: Claims = {}) => world.issuer.sign({ aud: world.resource, ...claims });
const url = () => world.server.app.url;
const list = (headers: { readonly [name: string]: string }) =>
  fetch(`${url()}/mcp`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' });

describe('what a client is told', () => {
  test('is where the metadata is, with the first 401, and there whose tokens are taken', async () => {
    const answer = await list({});
    expect(answer.status).toBe(401);
    const metadata = `http://127.0.0.1:${new URL(url()).port}/.well-known/oauth-protected-resource/mcp`;
    expect(answer.headers.get('www-authenticate')).toBe(`Bearer resource_metadata="${metadata}"`);
    for (const path of ['', '/mcp', '/sse']) {
      const document = await fetch(`${url()}/.well-known/oauth-protected-resource${path}`);
      expect(document.status).toBe(200);
      expect(await document.json()).toEqual({
        resource: world.resource,
        authorization_servers: [world.issuer.url],
        bearer_methods_supported: ['header'],
        resource_name: 'SMCP',
      });
    }
  });

  test('is no more than that a token is not good, when it shows one', async () => {
    for (const token of ['x', 'a.b.c', await signed({ aud: 'https://other.example' })]) {
      const answer = await list({ authorization: `Bearer ${token}` });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token", resource_metadata="/);
    }
  });

  test('is found and understood by the 1.x SDK', async () => {
    const { resourceMetadataUrl } = extractWWWAuthenticateParams(await list({}));
    const found = await discoverOAuthProtectedResourceMetadata(
      world.resource,
      resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl },
    );
    expect(found).toMatchObject({ resource: world.resource, authorization_servers: [world.issuer.url] });
  });

  test.each([
    [
      'the 1.x SDK',
      (options: object) =>
        new LegacyClient({ name: 't', version: '1' }).connect(
          new LegacyStreamable(new URL(world.resource), options as never) as never,
        ),
    ],
    [
      'the 2.x client',
      (options: object) =>
        new ModernClient({ name: 't', version: '1' }).connect(
          new ModernStreamable(new URL(world.resource), options as never),
        ),
    ],
  ])('leads %s to the issuer, where it asks for a token for this server', async (_, connect) => {
    const { issuer } = world;
    issuer.state.answer = (response, request) => {
      const isMetadata = request.url?.startsWith('/.well-known/oauth-authorization-server') === true;
      const body = {
        issuer: issuer.url,
        authorization_endpoint: `${issuer.url}/authorize`,
        token_endpoint: `${issuer.url}/token`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
      };
      if (!isMetadata) return void response.writeHead(404).end();
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    };
    let asked: URL | undefined;
    const authProvider = {
      redirectUrl: 'http://127.0.0.1:9/callback',
      clientMetadata: { redirect_uris: ['http://127.0.0.1:9/callback'] },
      clientInformation: () => ({ client_id: 'athena' }),
      tokens: () => undefined,
      saveTokens: () => {},
      saveCodeVerifier: () => {},
      codeVerifier: () => 'v',
      redirectToAuthorization: (to: URL) => {
        asked = to;
      },
    };
    await expect(connect({ authProvider })).rejects.toThrow();
    issuer.state.answer = undefined;
    expect(asked?.origin).toBe(issuer.url);
    expect(asked?.searchParams.get('resource')).toBe(world.resource);
  });
});

describe('a token', () => {
  test('in the address is not one', async () => {
    const token = await signed();
    expect((await fetch(`${url()}/mcp?access_token=${token}`, { method: 'POST' })).status).toBe(401);
    expect((await fetch(`${url()}/sse?access_token=${token}`)).status).toBe(401);
  });

  test('of an agent that is frozen calls nothing', async () => {
    await world.server.admin.call('freeze', { agent: 'athena' });
    expect((await askForToken(url(), await signed())).body['code']).toBe('FROZEN');
  });

  test('is revoked by the id that its records have, with all below it', async () => {
    const [stolen, other] = [await signed({ jti: 'stolen' }), await signed({ jti: 'other' })];
    const below = await exchanged(url(), stolen);
    const list = (await world.server.admin.call('agent_list')).data as {
      tokens: { id: string; onBehalfOf?: string[] }[];
    }[];
    const id = list.flatMap(({ tokens }) => tokens).find((one) => one.id === below.id)?.onBehalfOf?.[0] ?? '';
    expect((await world.server.admin.call('agent_revoke', { id })).status).toBe(200);
    expect((await askForToken(url(), stolen)).status).toBe(401);
    expect((await askForToken(url(), below.token)).status).toBe(401);
    expect((await askForToken(url(), other)).status).toBe(200);
    const unseen = { id: `oauth_${'0'.repeat(32)}` };
    expect((await world.server.admin.call('agent_revoke', unseen)).status).toBe(404);
  });

  test('is revoked by its claims though it was never shown, with what was exchanged for it, and nobody else is', async () => {
    const claims = { sub: 'lost-laptop', jti: 'lost' };
    const [lost, kept, unseen] = [await signed(claims), await signed({ sub: 'desk' }), await signed({ jti: 'unseen' })];
    const below = await exchanged(url(), lost);
    const { admin } = world.server;
    expect((await admin.call('token_revoke', { subject: 'lost-laptop' })).status).toBe(200);
    expect((await admin.call('token_revoke', { jti: 'unseen' })).status).toBe(200);
    expect((await askForToken(url(), unseen)).status).toBe(401);
    expect((await askForToken(url(), lost)).status).toBe(401);
    expect((await askForToken(url(), below.token)).status).toBe(401);
    expect((await askForToken(url(), kept)).status).toBe(200);
    expect((await admin.call('token_revocations')).data).toMatchObject([
      { issuer: world.issuer.url, subject: 'lost-laptop' },
      { issuer: world.issuer.url, jti: 'unseen' },
    ]);
    const bad = [
      {},
      { jti: 'a', subject: 'b' },
      { subject: 'a', before: 'tomorrow' },
      { jti: 'a', issuer: 'https://a.example' },
    ];
    for (const input of bad) expect((await admin.call('token_revoke', input)).status).toBe(400);
  });

  test('is exchanged for one of ours, which ends with it and keeps its scopes', async () => {
    const nowS = Math.floor(Date.now() / 1000);
    const below = await exchanged(url(), await signed({ scope: 'tools:demo_text__echo', exp: nowS + 60 }), {
      expires_in: '3600',
    });
    const agents = (await world.server.admin.call('agent_list')).data as {
      readonly name: string;
      readonly tokens: readonly { readonly id: string; readonly expiresAt: string; readonly onBehalfOf?: string[] }[];
    }[];
    const shown = agents.find(({ name }) => name === 'athena')?.tokens.find(({ id }) => id === below.id);
    // The leeway, by which the issuer's clock may differ, counts for both.
    expect(Date.parse(String(shown?.expiresAt))).toBe((nowS + 60 + 30) * 1000);
    expect(shown?.onBehalfOf).toEqual([expect.stringMatching(/^oauth_[0-9a-f]{32}$/)]);
    expect(shown).toMatchObject({ scopes: [['tools:demo_text__echo']] });
  });
});

describe('the table of denials', () => {
  let tokens: { readonly [kind in TokenKind]: string | undefined };
  beforeAll(async () => {
    tokens = {
      good: await signed({ scope: `openid ${scopesOf('athena').join(' ')}` }),
      stray: await signed({ scope: 'doors:stdio' }),
      none: undefined,
      // Nothing revokes one by itself: it is its agent that the policy names no more.
      revoked: await signed({ client_id: 'zeus' }),
      expired: await signed({ exp: Math.floor(Date.now() / 1000) - 60 }),
      unknown: `${await signed()}A`,
      admin: await signed({ client_id: 'admin' }),
    };
  });

  /** The admin's own token is in no issuer's gift: one that claims to be is nobody's. */
  const denials = [...DENIALS, ...GOVERNED_DENIALS, ...SCOPE_DENIALS].map((denial) =>
    denial.token === 'admin'
      ? ({ ...denial, expected: { where: 'door', status: 401, code: 'UNAUTHENTICATED' } } as const)
      : denial,
  );

  describe.each(HTTP_CLIENTS)('over $title', ({ door, connect }) => {
    const over = () => world.server.worldOf('athena', (kind) => connect({ url: url(), token: tokens[kind] }));

    test.each(denials)('$title', (denial) =>
      world.server.check('athena', over(), {
        ...{ door, denial },
        more: { token: { id: expect.stringMatching(/^oauth_[0-9a-f]{32}$/) } },
      }),
    );

    test('and the same client is answered when nothing denies it', async () => {
      expect(await observe(over(), ALLOWED)).toEqual({ where: 'none' });
    });
  });
});

test('by its name alone an issuer is found, and it speaks for whom the configuration says', async () => {
  const found = await openOAuthWorld([], { isDiscovered: true });
  const sign = (name: string) => found.issuer.sign({ aud: found.resource, client_id: name });
  const at = found.server.app.url;
  expect((await askForToken(at, await sign('athena'))).status).toBe(200);
  expect((await askForToken(at, await sign('hera'))).status).toBe(401);
  await found.close();
});

test.each<[string, readonly string[], number]>([
  ['by default', [], 401],
  ['by a pattern', ['speaksFor: ["*"]'], 401],
  ['by its very name', ['speaksFor: ["*", hera]'], 200],
  ['as one that a claim stands for', ['agents: { hera: hera }'], 200],
])('an agent that may use the tools of the server itself comes by an issuer %s: %s %i', async (_, more, status) => {
  const open = await openOAuthWorld(more, { named: [] });
  const token = await open.issuer.sign({ aud: open.resource, client_id: 'hera' });
  expect((await askForToken(open.server.app.url, token)).status).toBe(status);
  await open.close();
});

test('a scope that every token must have is named where it lacks, and in the metadata', async () => {
  const strict = await openOAuthWorld(['requiredScopes: [smcp]']);
  const token = await strict.issuer.sign({ aud: strict.resource });
  const at = strict.server.app.url;
  const answer = await fetch(`${at}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(403);
  expect(answer.headers.get('www-authenticate')).toMatch(
    /^Bearer error="insufficient_scope", scope="smcp", resource_metadata="/,
  );
  // Also to who shows the token that lacks it: the document is for anyone.
  for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
    const document = await fetch(`${at}/.well-known/oauth-protected-resource`, { headers });
    expect(await document.json()).toMatchObject({ scopes_supported: ['smcp'] });
  }
  const good = await strict.issuer.sign({ aud: strict.resource, scope: 'smcp' });
  expect((await askForToken(at, good)).status).toBe(200);
  await strict.close();
});

test('where no issuer is configured, its tokens are not taken, and there is no metadata', async () => {
  const plain = await openDenialServer();
  const answer = await fetch(`${plain.app.url}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await signed()}` },
  });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  const document = await fetch(`${plain.app.url}/.well-known/oauth-protected-resource`);
  expect(document.status).toBe(401);
  await plain.close();
});
