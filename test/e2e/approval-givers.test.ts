// On a whole server: an approval counts as long as whoever gave it might give it. Each way to shut out who has approved, and the call of
// theirs that then does not begin; the control is who stays.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { generateClient } from './admin-client.ts';
import { connectStreamable, errorOf } from './clients.ts';
import { exchanged, type Issued, openExchangeWorld } from './exchange-world.ts';
import { adminTokenOf, startInProcess } from './in-process.ts';
import { smcp, temporaryFolder } from './server.ts';

const HELPERS = `  helper:
    grants: [{ tools: ["smcp__approvals*"] }]
`;
const POLICY = `version: 1
agents:
  athena:
    grants: [{ tools: ["demo_text__*"], approval: { ttl: 1h, wait: 0s } }]
`;

type Answer = { readonly code: string; readonly message: string; readonly id: string };

/** A call of athena's that asks. */
async function callAs(url: string, token: string, title: string): Promise<Answer> {
  const client = await connectStreamable(url, token);
  const result = await client.call('demo_text__slugify', { title });
  await client.close();
  if (result['isError'] !== true) return { code: 'value', message: '', id: '' };
  const { code, message, details } = errorOf(result);
  return { code, message, id: String((details as { id?: unknown } | undefined)?.id) };
}

describe('an approval of an agent', () => {
  let world: Awaited<ReturnType<typeof openExchangeWorld>>;
  let athena: Issued;
  beforeAll(async () => {
    world = await openExchangeWorld(POLICY + HELPERS);
    athena = await world.issue('athena');
  });
  afterAll(() => world.close());

  const apply = async (text: string) => {
    expect((await world.admin.call('policy_apply', { text })).status).toBe(200);
  };
  const approveAs = async (token: string, id: string): Promise<number> => {
    const { digest } = (await world.admin.call('approvals_show', { id })).data as { digest: string };
    const answer = await fetch(`${world.url}/admin/v1/approvals/${id}/approve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ digest }),
    });
    return answer.status;
  };

  const WAYS: readonly (readonly [
    how: string,
    leave: (tokens: { readonly root: Issued }) => Promise<unknown>,
    comeBack: () => Promise<unknown>,
  ])[] = [
    ['its token was revoked', ({ root }) => world.admin.call('agent_revoke', { id: root.id }), async () => {}],
    [
      'it was frozen',
      () => world.admin.call('freeze', { agent: 'helper' }),
      () => world.admin.call('unfreeze', { agent: 'helper', why: 'the test goes on' }),
    ],
    ['the policy has it no more', () => apply(POLICY), () => apply(POLICY + HELPERS)],
    [
      'its grant was withdrawn',
      () => apply(`${POLICY}  helper:\n    grants: [{ tools: ["smcp__approvals"] }]\n`),
      () => apply(POLICY + HELPERS),
    ],
    [
      'whoever asks may approve calls by now',
      () => apply(POLICY.replace('wait: 0s } }]', 'wait: 0s } }, { tools: ["smcp__approvals_approve"] }]') + HELPERS),
      () => apply(POLICY + HELPERS),
    ],
  ];

  test.each(WAYS)('lets no call begin once %s, and the call is told whose it was', async (how, leave, comeBack) => {
    const root = await world.issue('helper');
    const { id } = await callAs(world.url, athena.token, how);
    expect(await approveAs(root.token, id)).toBe(200);
    await leave({ root });
    const refused = await callAs(world.url, athena.token, how);
    expect([refused.code, refused.id]).toEqual(['APPROVAL_PENDING', id]);
    expect(refused.message).toContain('the approval of helper counts no more');
    await comeBack();
  });

  test('given by a sub-agent counts no more once the token above it was revoked', async () => {
    const root = await world.issue('helper');
    const below = await exchanged(world.url, root.token, { actor: 'reviewer' });
    const { id } = await callAs(world.url, athena.token, 'below');
    expect(await approveAs(below.token, id)).toBe(200);
    await world.admin.call('agent_revoke', { id: root.id });
    expect((await callAs(world.url, athena.token, 'below')).code).toBe('APPROVAL_PENDING');
  });

  test('the control: who stays has approved, though others of its tokens were revoked', async () => {
    const [root, other] = [await world.issue('helper'), await world.issue('helper')];
    const { id } = await callAs(world.url, athena.token, 'stays');
    expect(await approveAs(root.token, id)).toBe(200);
    await world.admin.call('agent_revoke', { id: other.id });
    expect((await callAs(world.url, athena.token, 'stays')).code).toBe('value');
  });

  test('that somebody else gave anew lets the call begin, and the log verifies', async () => {
    const root = await world.issue('helper');
    const { id } = await callAs(world.url, athena.token, 'anew');
    expect(await approveAs(root.token, id)).toBe(200);
    await world.admin.call('agent_revoke', { id: root.id });
    expect(await approveAs(world.adminToken, id)).toBe(200);
    expect((await callAs(world.url, athena.token, 'anew')).code).toBe('value');
    const { code, stdout } = await smcp(['log', 'verify', '--home', world.directory, '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ ok: true })]);
  });
});

describe('an approval by the home’s token', () => {
  test.each([
    ['counts no more once the home has another one', true, 'APPROVAL_PENDING'],
    ['the control: counts after a restart with the same one', false, 'value'],
  ])('%s', async (_what, isReplaced, expected) => {
    const folder = temporaryFolder();
    const home = homeAt(join(folder.path, 'home'));
    prepareHome(home);
    writeFileSync(home.policy, POLICY, { mode: 0o600 });
    let app = await startInProcess(home, productPluginsDirectory());
    const admin = await generateClient(app.url, adminTokenOf(home));
    const { token } = (await admin.call('agent_token', { name: 'athena' })).data as Issued;
    const { id } = await callAs(app.url, token, 'a');
    const { digest } = (await admin.call('approvals_show', { id })).data as { digest: string };
    expect((await admin.call('approvals_approve', { id, digest })).status).toBe(200);
    await app.close();
    if (isReplaced) rmSync(home.adminToken);
    app = await startInProcess(home, productPluginsDirectory());
    expect((await callAs(app.url, token, 'a')).code).toBe(expected);
    await app.close();
    folder.remove();
  });
});
