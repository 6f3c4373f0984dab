// A client that somebody else's generator makes of /openapi.json does every act of administration.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileOwnSchema } from '#base/schema.ts';
import { OPERATIONS } from '#operations/table.ts';
import type { GeneratedAnswer } from './admin-client.ts';
import { type AdminWorld, askFor, INPUT, NARROWER, startAdminWorld, WIDER } from './admin-world.ts';
import { connectStreamable, errorOf } from './clients.ts';

let world: AdminWorld;

beforeAll(async () => {
  world = await startAdminWorld();
});

afterAll(() => world.end());

/** A call of demo that waits, since the lane is paused; its answer comes when it is ended. */
async function startWaitingCall() {
  const client = await connectStreamable(world.server().url, world.tokens['demo'] ?? '');
  const answer = client.call('demo_text__echo', { message: 'x' }).finally(() => client.close());
  await expect.poll(async () => (await callsNow()).length).toBe(1);
  return { answer, id: (await callsNow())[0]?.invocation ?? '' };
}

async function callsNow() {
  return ((await world.admin().call('queue')).data as { calls: { invocation: string }[] }).calls;
}

describe('a client generated from /openapi.json', () => {
  const done = new Map<string, GeneratedAnswer>();
  const act = async (operation: string, input: object = INPUT[operation] ?? {}) => {
    const answer = await world.admin().call(operation, { ...input });
    expect([operation, answer.status, answer.data]).toEqual([operation, 200, expect.anything()]);
    const row = OPERATIONS.find(({ name }) => name === operation);
    expect([operation, compileOwnSchema(row?.output ?? {})(answer.data)]).toEqual([operation, []]);
    done.set(operation, answer);
    return answer.data;
  };

  test('asks what there is', async () => {
    for (const name of [
      'status',
      'agent_list',
      'plugin_list',
      'policy_show',
      'policy_history',
      'log_tail',
      'log_keys',
      'log_checkpoint',
      'config_show',
      'policy_check',
    ]) {
      await act(name);
    }
    for (const name of [
      'log_show',
      'log_prove',
      'log_disclose',
      'can',
      'policy_who_can',
      'policy_unused',
      'policy_simulate',
      'policy_suggest',
    ])
      await act(name);
    expect(await act('log_replay', world.inputOf('log_replay'))).toMatchObject({ same: true });
    expect(await act('can')).toMatchObject({ decision: 'allow' });
  });

  test('adds an agent, gives it a token and takes it away', async () => {
    await act('agent_add');
    const { id, token } = (await act('agent_token')) as { id: string; token: string };
    expect((await (await world.clientWith(token)).call('status')).status).toBe(403);
    await act('agent_revoke', { id });
    expect((await (await world.clientWith(token)).call('status')).status).toBe(401);
  });

  test('takes tokens of an issuer back that were never shown, and lists that', async () => {
    expect(await act('token_revoke')).toMatchObject({ issuer: 'https://auth.example.com', subject: 'u1' });
    expect(await act('token_revocations')).toMatchObject([{ subject: 'u1' }]);
  });

  test('compares, applies and goes back to a policy', async () => {
    const before = (await act('policy_show', {})) as { version: number; text: string };
    const diff = (await act('policy_diff', { text: WIDER })) as { widenings: string[]; text: string };
    expect(diff.text).toContain('+      - tools: ["demo_*"]');
    expect(diff.widenings.length).toBeGreaterThan(0);
    expect(await act('policy_apply', { text: NARROWER })).toMatchObject({ version: before.version + 1 });
    expect(await act('can', { agent: 'demo', tool: 'demo_text__slugify' })).toMatchObject({ decision: 'deny' });
    await act('policy_rollback', { version: before.version });
    expect(await act('can', { agent: 'demo', tool: 'demo_text__slugify' })).toMatchObject({ decision: 'allow' });
    expect(await act('policy_show', {})).toMatchObject({ text: before.text });
  });

  test('pauses the lane, ends calls that wait, and lets it go on', async () => {
    await act('queue_pause');
    const first = await startWaitingCall();
    await act('queue_cancel', { id: first.id });
    expect(errorOf(await first.answer)).toMatchObject({ code: 'CANCELLED' });
    const second = await startWaitingCall();
    expect(await act('queue')).toMatchObject({ lanes: [{ isPaused: true }, {}] });
    expect(await act('queue_flush', { agent: 'demo' })).toEqual({ ended: 1 });
    expect(errorOf(await second.answer)).toMatchObject({ code: 'CANCELLED' });
    await act('queue_resume');
  });

  test('freezes and unfreezes', async () => {
    expect(await act('freeze', { agent: 'demo' })).toMatchObject({ scope: 'agent', name: 'demo', by: 'admin' });
    expect(await act('can')).toMatchObject({ decision: 'deny', rule: 'frozen' });
    expect(await act('unfreeze', { agent: 'demo' })).toMatchObject({ lifted: [{ name: 'demo' }], freezes: [] });
  });

  test('looks at calls that wait to be approved, approves one and denies another', async () => {
    const ask = (message: string) => askFor(world.server().url, world.tokens['careful'] ?? '', message);
    const [first, second] = [await ask('first'), await ask('second')];
    const { digest } = (await act('approvals_show', first)) as { digest: string };
    expect(await act('approvals')).toContainEqual(expect.objectContaining({ id: second.id, state: 'pending' }));
    expect(await act('approvals_approve', { id: first.id, digest })).toMatchObject({ state: 'approved', by: 'admin' });
    expect(await act('approvals_deny', { id: second.id, why: 'no' })).toMatchObject({ state: 'denied', why: 'no' });
    const client = await connectStreamable(world.server().url, world.tokens['careful'] ?? '');
    expect(await client.call('demo_text__echo', { message: 'first' })).not.toHaveProperty('isError');
    expect(errorOf(await client.call('demo_text__echo', { message: 'second' }))).toMatchObject({
      code: 'APPROVAL_DENIED',
    });
    await client.close();
  });

  test('says by which targets people are told, and tries them', async () => {
    expect(await act('notify_list')).toEqual({ targets: [], waiting: [] });
    expect(await act('notify_test', {})).toEqual([]);
  });

  test('looks at what agents have seen, and clears it', async () => {
    await act('labels_list', {});
    await act('labels_places', {});
    await act('labels_clear');
  });

  test('invites a person, lists people, and revokes what they have', async () => {
    const { link } = (await act('person_invite')) as { link: string };
    expect(link).toMatch(/^http:\/\/localhost:\d+\/console\/enroll#[\w-]{43}$/);
    const cleo = { name: 'cleo', role: 'approver', passkeys: [], sessions: 0 };
    expect(await act('person_list', {})).toMatchObject([{ ...cleo, inviteExpiresAt: expect.any(String) }]);
    expect(await act('person_revoke')).toEqual({ name: 'cleo', revoked: [] });
    expect(await act('person_list', {})).toMatchObject([{ ...cleo, inviteExpiresAt: null }]);
  });

  test('switches a plugin off and on, and looks for plugins again', async () => {
    expect(await act('plugin_disable')).toMatchObject({ state: 'disabled' });
    expect(await act('plugin_enable')).toMatchObject({ state: 'ready' });
    await act('plugin_reload');
  });

  test('sets, lists and removes a secret, and is never given its value', async () => {
    expect(await act('secret_set')).toMatchObject({ name: 'TOKEN', source: 'stored' });
    expect(await act('secret_list')).toMatchObject([{ name: 'TOKEN', source: 'stored' }]);
    expect(await act('secret_rm')).toEqual({ name: 'TOKEN', state: 'removed' });
  });

  test('changes what can change while the server runs', async () => {
    expect(await act('config_set')).toEqual({ key: 'logging.level', value: 'debug', changes: 'at run time' });
  });

  test('looks at a plugin from elsewhere, and approves what it saw', async () => {
    const { digest } = (await act('plugin_review')) as { digest: string };
    expect(await act('plugin_approve', { name: 'extra', digest })).toMatchObject({ name: 'extra', state: 'ready' });
  });

  test('has then done every operation there is, and the document has no other', () => {
    expect([...done.keys()].toSorted()).toEqual(OPERATIONS.map(({ name }) => name).toSorted());
    expect(world.admin().operations.toSorted()).toEqual(OPERATIONS.map(({ name }) => name).toSorted());
  });

  test('gets an error as the document describes it', async () => {
    const { status, data } = await world.admin().call('queue_cancel', { id: 'nothing' });
    expect([status, data]).toEqual([
      404,
      { error: { code: 'CALL_UNKNOWN', message: expect.any(String), details: { remedy: expect.any(String) } } },
    ]);
  });
});
