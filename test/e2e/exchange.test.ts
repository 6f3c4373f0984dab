// Tokens of sub-agents at a whole server: what they may, what their records say, and how they end.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HTTP_CLIENTS, type McpClient } from '#test/gateway/clients.ts';
import { askForToken, exchanged, GRANT_TYPE, type Issued, openExchangeWorld } from './exchange-world.ts';

const POLICY = `version: 1
agents:
  athena:
    grants:
      - id: once
        tools: ["demo_text__slugify"]
        limits: { calls: 1, per: 1d }
      - tools: ["demo_text__*", "smcp__approvals*"]
      - tools: ["demo_math__coin_flip"]
        approval: { ttl: 1h, wait: 0s }
  hermes:
    grants:
      - tools: ["demo_text__*"]
`;

let world: Awaited<ReturnType<typeof openExchangeWorld>>;
let athena: Issued;
beforeAll(async () => {
  world = await openExchangeWorld(POLICY);
  athena = await world.issue('athena');
});
afterEach(async () => void (await world.admin.call('unfreeze')));
afterAll(() => world.close());

const [, , , session, stateless] = HTTP_CLIENTS;
async function connect(token: string, client = stateless): Promise<McpClient> {
  if (client === undefined) throw new Error('no client');
  return client.connect({ url: world.url, token });
}

const codeIn = (result: { [key: string]: unknown }): unknown =>
  (result['structuredContent'] as { error?: { code: string } } | undefined)?.error?.code ?? 'value';

const echo = { name: 'demo_text__echo', arguments: { message: 'a' } };

describe('an exchange', () => {
  test('answers as the standard says, by a form and by JSON', async () => {
    const { status, body } = await askForToken(world.url, athena.token, {
      subject_token: athena.token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'tools:demo_text__echo doors:mcp',
      expires_in: '600',
      actor: 'researcher',
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^smcp_/),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: expect.any(Number),
      scope: 'tools:demo_text__echo doors:mcp',
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(body['expires_in']).toBeGreaterThan(590);
    const asJson = await fetch(`${world.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${athena.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ grant_type: GRANT_TYPE }),
    });
    expect(asJson.status).toBe(200);
  });

  test('is recorded before there is a token, with whose it is', async () => {
    const below = await exchanged(world.url, athena.token, { scope: 'tools:demo_text__echo', actor: 'reader' });
    expect((await world.records()).at(-1)).toMatchObject({
      operation: 'token_exchange',
      by: 'athena',
      subject: `${below.id} below ${athena.id} as reader tools:demo_text__echo`,
    });
    const agents = (await world.admin.call('agent_list')).data as { name: string; tokens: { id: string }[] }[];
    const shown = agents.find(({ name }) => name === 'athena')?.tokens.find(({ id }) => id === below.id);
    expect(shown).toMatchObject({
      state: 'valid',
      scopes: [['tools:demo_text__echo']],
      onBehalfOf: [athena.id],
      actor: 'reader',
    });
  });

  test.each([
    ['another grant', { grant_type: 'client_credentials' }, 'invalid_request'],
    ['another subject', { subject_token: 'smcp_other' }, 'invalid_request'],
    ['another type of subject', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
    ['another type of token', { requested_token_type: 'urn:ietf:params:oauth:token-type:jwt' }, 'invalid_request'],
    ['another audience', { audience: 'https://elsewhere.example' }, 'invalid_request'],
    ['an actor that is another token', { actor_token: 'x' }, 'invalid_request'],
    ['a name that is none', { actor: 'The Researcher' }, 'invalid_request'],
    ['no time', { expires_in: '0' }, 'invalid_request'],
    ['a scope that is none', { scope: 'admin' }, 'invalid_scope'],
  ])('that asks for %s is refused whole', async (_, more, error) => {
    const before = (await world.records()).length;
    const { status, body } = await askForToken(world.url, athena.token, more);
    expect([status, body['error']]).toEqual([400, error]);
    expect(body).not.toHaveProperty('access_token');
    expect((await world.records()).length).toBe(before);
  });

  test('is for agents: nobody, an administrator and a frozen agent get none', async () => {
    expect((await askForToken(world.url, undefined)).status).toBe(401);
    const asAdmin = await askForToken(world.url, world.adminToken);
    expect([asAdmin.status, asAdmin.body['error']]).toEqual([400, 'unauthorized_client']);
    await world.admin.call('freeze', { agent: 'athena' });
    const frozen = await askForToken(world.url, athena.token);
    expect([frozen.status, frozen.body['error'], frozen.body['code']]).toEqual([403, 'access_denied', 'FROZEN']);
  });

  test('takes no form on any other route, nor a parameter twice', async () => {
    const headers = { authorization: `Bearer ${athena.token}`, 'content-type': 'application/x-www-form-urlencoded' };
    const elsewhere = await fetch(`${world.url}/mcp`, { method: 'POST', headers, body: 'jsonrpc=2.0' });
    expect(elsewhere.status).toBe(400);
    const body = `grant_type=${GRANT_TYPE}&scope=doors:mcp&scope=doors:sse`;
    const twice = await fetch(`${world.url}/oauth/token`, { method: 'POST', headers, body });
    expect(twice.status).toBe(400);
  });
});

describe('a sub-agent', () => {
  test('calls and sees what its scopes leave, and its record names the chain', async () => {
    const first = await exchanged(world.url, athena.token, { actor: 'lead' });
    const second = await exchanged(world.url, first.token, { scope: 'tools:demo_text__echo', actor: 'reader' });
    const client = await connect(second.token);
    expect((await client.list()).tools.map(({ name }) => name)).toEqual(['demo_text__echo']);
    expect(codeIn(await client.call(echo))).toBe('value');
    expect((await world.records()).at(-1)).toMatchObject({
      agent: 'athena',
      phase: 'outcome',
      token: {
        id: second.id,
        scopes: [['tools:demo_text__echo']],
        onBehalfOf: [athena.id, first.id],
        actors: ['lead', 'reader'],
      },
    });
    const beyond = { name: 'demo_text__word_count', arguments: { text: 'a' } };
    expect(codeIn(await client.call(beyond))).toBe('INSUFFICIENT_SCOPE');
    expect(codeIn(await (await connect(first.token)).call(beyond))).toBe('value');
    await client.close();
  });

  test('shares the limits of its agent: it is no way around them', async () => {
    const slugify = { name: 'demo_text__slugify', arguments: { title: 'a' } };
    const below = await connect((await exchanged(world.url, athena.token)).token);
    expect(codeIn(await below.call(slugify))).toBe('value');
    expect(codeIn(await below.call(slugify))).toBe('RATE_LIMITED');
    const other = await connect((await exchanged(world.url, athena.token)).token);
    expect(codeIn(await other.call(slugify))).toBe('RATE_LIMITED');
    expect(codeIn(await (await connect(athena.token)).call(slugify))).toBe('RATE_LIMITED');
  });

  test('approves no call of its chain, in either direction; a person does', async () => {
    const flip = { name: 'demo_math__coin_flip', arguments: {} };
    const above = await connect(athena.token);
    const below = await connect((await exchanged(world.url, athena.token)).token);
    for (const [asks, decides] of [
      [above, below],
      [below, above],
    ] as const) {
      const asked = await asks.call(flip);
      expect(codeIn(asked)).toBe('APPROVAL_PENDING');
      const [request] = (await world.admin.call('approvals')).data as { id: string; digest: string }[];
      const { id = '', digest = '' } = request ?? {};
      const approve = { name: 'smcp__approvals_approve', arguments: { id, digest } };
      expect(codeIn(await decides.call(approve))).toBe('APPROVAL_OWN');
      expect((await world.admin.call('approvals_approve', { id, digest })).status).toBe(200);
      expect(codeIn(await asks.call(flip))).toBe('value');
    }
  });

  test('has its session ended at once when the token above it is revoked', async () => {
    const above = await world.issue('hermes');
    const below = await exchanged(world.url, above.token);
    const client = await connect(below.token, session);
    expect(codeIn(await client.call(echo))).toBe('value');
    await world.admin.call('agent_revoke', { id: above.id });
    await expect(client.call(echo)).rejects.toThrow();
    await expect(connect(below.token)).rejects.toThrow();
    // The control: another token of the same agent goes on.
    expect(codeIn(await (await connect((await world.issue('hermes')).token)).call(echo))).toBe('value');
  });

  test('can not get back what its token left out, by exchanging it again', async () => {
    const narrow = await exchanged(world.url, athena.token, { scope: 'tools:demo_text__echo doors:mcp' });
    const again = await exchanged(world.url, narrow.token, { scope: 'tools:* tools:smcp__* doors:mcp doors:admin' });
    const client = await connect(again.token);
    expect((await client.list()).tools.map(({ name }) => name)).toEqual(['demo_text__echo']);
    expect(codeIn(await client.call({ name: 'smcp__approvals', arguments: {} }))).toBe('INSUFFICIENT_SCOPE');
    const rest = await fetch(`${world.url}/admin/v1/approvals`, {
      headers: { authorization: `Bearer ${again.token}` },
    });
    expect(rest.status).toBe(403);
  });
});
