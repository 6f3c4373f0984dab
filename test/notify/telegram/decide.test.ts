// Deciding by a button: only by those whom the configuration names, only about what was shown, once, and recorded as what it is.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { People, PersonName } from '#domain/person.ts';
import { accountProblem } from '#notify/telegram/decide.ts';
import { question } from '#test/approvals/world.ts';
import { buttonsOf, type ChatMessage } from './bot-api.ts';
import { ANA, createTelegramWorld, GROUP, STRANGER, type TelegramWorld } from './world.ts';

let world: TelegramWorld;
beforeEach(async () => {
  world = await createTelegramWorld();
});
afterEach(() => world.close());

/** A request that both chats were told of, and its buttons. */
async function asked(more: Parameters<typeof question>[0] = {}) {
  const { approvals, bot } = world;
  const before = bot.messages.length;
  const request = approvals.request(question(more));
  await expect.poll(() => bot.messages.length).toBe(before + 2);
  const { Approve = '', Deny = '' } = buttonsOf(bot.messages[before] as ChatMessage);
  const stateOf = () => approvals.get(request.id).state;
  return { request, Approve, Deny, stateOf };
}

const told = async (query: string): Promise<string> => {
  await expect.poll(() => world.answerTo(query)).toBeDefined();
  return world.answerTo(query) ?? '';
};

describe('a person whom the configuration names', () => {
  test('approves exactly the call that was shown, and the record says that Telegram asserts it', async () => {
    const { request, Approve, stateOf } = await asked();
    const query = world.bot.press(Approve, { user: ANA });
    expect(await told(query)).toBe('Approved: one call of devops__deploy by athena.');
    expect(stateOf()).toBe('approved');
    expect(world.drafts.at(-1)).toMatchObject({
      kind: 'approval',
      predicate: { decision: 'approved', by: { kind: 'channel', name: 'ana', via: 'telegram' } },
      statement: request.statement,
    });
    await expect
      .poll(() => world.bot.messages.every(({ text }) => text.includes('by: ana, asserted by Telegram')))
      .toBe(true);
    expect(world.bot.messages.map(buttonsOf)).toEqual([{}, {}]);
  });

  test('denies, also from a group that is told', async () => {
    const { Deny, stateOf } = await asked();
    const query = world.bot.press(Deny, { user: ANA, chat: GROUP });
    expect(await told(query)).toBe('Denied: devops__deploy of athena.');
    expect([stateOf(), world.drafts.length]).toEqual(['denied', 1]);
  });

  test.each([
    ['was decided meanwhile', async (id: string) => void (await world.approvals.deny(id, { by: { kind: 'admin' } }))],
    ['has expired', async () => world.time.pass(24 * 3_600_000)],
    ['was used', async (id: string) => void (await useUp(id))],
  ])('is told when the request %s, and nothing is decided', async (_what, happen) => {
    const { request, Approve, stateOf } = await asked();
    await happen(request.id);
    const before = [stateOf(), world.drafts.length];
    const text = await told(world.bot.press(Approve, { user: ANA }));
    expect(text).toMatch(/denied already, by admin|nobody decided in time|used/);
    expect([stateOf(), world.drafts.length]).toEqual(before);
  });
});

async function useUp(id: string): Promise<void> {
  const { approvals } = world;
  const { digest } = approvals.get(id);
  await approvals.approve(id, { digest, by: { kind: 'admin' } });
  approvals.use(id, 'call');
}

describe('a policy that names people', () => {
  const ana = 'ana' as PersonName;

  test('has the last word on who decides by a button: an approver does, a viewer and somebody it leaves out do not', async () => {
    const { policyPeople, bot } = world;
    const { Approve, Deny, stateOf } = await asked();
    policyPeople.set('bea' as PersonName, 'approver');
    expect(await told(bot.press(Approve, { user: ANA }))).toBe('ana is not among the people of the policy.');
    policyPeople.set(ana, 'viewer');
    for (const data of [Approve, Deny]) {
      expect(await told(bot.press(data, { user: ANA }))).toContain('ana is viewer');
    }
    expect(stateOf()).toBe('pending');
    policyPeople.set(ana, 'approver');
    await told(bot.press(Approve, { user: ANA }));
    expect(stateOf()).toBe('approved');
  });

  test('and has them sign for a call is not answered by a button: there is none, and one that was made up does nothing', async () => {
    const { approvals, bot } = world;
    const approvers = { by: ['ana'], needed: 1 };
    const free = await asked();
    const terms = { ...question().terms, approvers };
    const request = approvals.request(question({ args: { signed: true }, terms }));
    await expect.poll(() => bot.messages.length).toBe(4);
    expect(bot.messages.slice(2).map(buttonsOf)).toEqual([{}, {}]);
    expect(JSON.stringify(bot.messages[2]?.reply_markup)).toContain(
      `https://smcp.example.org/console/approvals#${request.id}`,
    );
    const digest = Buffer.from(request.digest.slice('sha256:'.length), 'hex').toString('base64url');
    expect(await told(bot.press(`a.${request.id}.${digest}`, { user: ANA }))).toContain('passkey');
    expect(approvals.get(request.id).state).toBe('pending');
    // The control: where nobody has to sign, the same press counts.
    await told(bot.press(free.Approve, { user: ANA }));
    expect(free.stateOf()).toBe('approved');
  });
});

describe('an attack', () => {
  test('by a stranger in a group that is told decides nothing, and the stranger is told so', async () => {
    const { Approve, Deny, stateOf } = await asked();
    for (const data of [Approve, Deny]) {
      const query = world.bot.press(data, { user: STRANGER, chat: GROUP });
      expect(await told(query)).toBe('You are not among those who decide here.');
    }
    expect([stateOf(), world.drafts]).toEqual(['pending', []]);
    // The control: the same press by somebody who may.
    await told(world.bot.press(Approve, { user: ANA, chat: GROUP }));
    expect(stateOf()).toBe('approved');
  });

  test('from a chat that is none of ours decides nothing, whoever presses', async () => {
    const { Approve, stateOf } = await asked();
    expect(await told(world.bot.press(Approve, { user: ANA, chat: -999 }))).toContain('This chat');
    expect(stateOf()).toBe('pending');
  });

  test('with the digest of another request, or one bit of it changed, decides nothing', async () => {
    const first = await asked();
    const second = await asked({ args: { environment: 'production' } });
    const [sign, id] = first.Approve.split('.');
    const other = second.Approve.split('.')[2];
    const own = first.Approve.split('.')[2] ?? '';
    const changed = `${own[0] === 'A' ? 'B' : 'A'}${own.slice(1)}`;
    for (const digest of [other, changed]) {
      expect(await told(world.bot.press(`${sign}.${id}.${digest}`, { user: ANA }))).toContain('another request');
    }
    expect([first.stateOf(), second.stateOf(), world.drafts]).toEqual(['pending', 'pending', []]);
    await told(world.bot.press(first.Approve, { user: ANA }));
    expect([first.stateOf(), second.stateOf()]).toEqual(['approved', 'pending']);
  });

  test.each([
    ['nothing', ''],
    ['a word', 'approve'],
    ['no digest', 'a.0123456789abcdef.'],
    ['another sign', `x.0123456789abcdef.${'A'.repeat(43)}`],
    ['a request that is not there', `a.0123456789abcdef.${'A'.repeat(43)}`],
    ['a line more', `a.0123456789abcdef.${'A'.repeat(43)}\n`],
  ])('with %s as its data decides nothing', async (_what, data) => {
    const { stateOf } = await asked();
    expect(await told(world.bot.press(data, { user: ANA }))).toBe('Nothing is known of this request any more.');
    expect(stateOf()).toBe('pending');
  });

  test('that shows an update again decides nothing again: each is taken once, over a restart too', async () => {
    const { Approve, Deny, stateOf } = await asked();
    await told(world.bot.press(Approve, { user: ANA }));
    world.bot.put({
      update_id: 100,
      callback_query: { id: 'again', from: { id: ANA }, message: { message_id: 1, chat: { id: ANA } }, data: Deny },
    });
    await world.hearing.stop();
    const next = world.hear();
    const later = await asked({ args: { environment: 'later' } });
    await told(world.bot.press(later.Approve, { user: ANA }));
    expect([stateOf(), later.stateOf(), world.answerTo('again')]).toEqual(['approved', 'approved', undefined]);
    await next.stop();
  });

  test('by an update of another kind, or one with parts that are none, is nothing', async () => {
    const { Approve, stateOf } = await asked();
    const from = { id: ANA };
    const message = { message_id: 1, chat: { id: ANA } };
    for (const update of [
      { message: { text: Approve, from, chat: { id: ANA } } },
      { callback_query: { id: 'x', from: { id: String(ANA) }, message, data: Approve } },
      { callback_query: { id: 'x', from, data: Approve } },
      { callback_query: { id: 'x', from: { username: 'ana' }, message, data: Approve } },
      { callback_query: null },
    ]) {
      world.bot.put(update);
    }
    await told(world.bot.press('x', { user: ANA }));
    expect(stateOf()).toBe('pending');
  });
});

describe('who has approved by a button', () => {
  const people = (...named: [string, 'viewer' | 'approver'][]): People => new Map(named) as unknown as People;
  const by = { kind: 'channel', name: 'ana', via: 'telegram', account: 7 } as const;
  const targets = (...accounts: [number, string][]) => [
    { people: new Map<number, string>() },
    { people: new Map(accounts) },
  ];

  test.each<[string, ReturnType<typeof targets>, People, string | undefined]>([
    ['has the account still, in one of the chats', targets([7, 'ana']), people(), undefined],
    ['is an approver of the policy still', targets([7, 'ana']), people(['ana', 'approver']), undefined],
    ['has another account by now', targets([8, 'ana']), people(), 'ana has this account at Telegram no more'],
    [
      'had an account that is another’s by now',
      targets([7, 'ben']),
      people(),
      'ana has this account at Telegram no more',
    ],
    ['is told nothing there any more', [], people(), 'ana has this account at Telegram no more'],
    ['left the policy', targets([7, 'ana']), people(['ben', 'approver']), 'ana is not among the people of the policy'],
    [
      'is a viewer by now',
      targets([7, 'ana']),
      people(['ana', 'viewer']),
      'ana is viewer: to decide takes the role approver',
    ],
  ])('%s', (_what, accounts, named, expected) => {
    expect(accountProblem(by, accounts, named)).toBe(expected);
  });
});
