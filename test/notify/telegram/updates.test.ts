// How presses come in: by asking, one question at a time, through everything that Telegram answers; and the token that is in each
// address is nowhere else.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { question } from '#test/approvals/world.ts';
import { buttonsOf, type ChatMessage, TOKEN } from './bot-api.ts';
import { ANA, createTelegramWorld, type TelegramWorld } from './world.ts';

let world: TelegramWorld;
beforeEach(async () => {
  world = await createTelegramWorld();
});
afterEach(() => world.close());

const questions = () => world.bot.asked.filter(({ method }) => method === 'getUpdates').map(({ params }) => params);

async function approveByButton(): Promise<string> {
  const { approvals, bot, answerTo } = world;
  const request = approvals.request(question({ args: { n: bot.messages.length } }));
  const count = bot.messages.length;
  await expect.poll(() => bot.messages.length).toBe(count + 2);
  const query = bot.press(buttonsOf(bot.messages[count] as ChatMessage)['Approve'] ?? '', { user: ANA });
  await expect.poll(() => answerTo(query)).toBeDefined();
  return approvals.get(request.id).state;
}

describe('the question for updates', () => {
  test('asks for presses only, is held open, and goes on where it was', async () => {
    await expect.poll(() => questions().length).toBe(1);
    expect(questions()[0]).toEqual({
      timeout: 50,
      limit: LIMITS.telegramUpdatesMax,
      allowed_updates: ['callback_query'],
    });
    expect(await approveByButton()).toBe('approved');
    await expect.poll(() => questions().at(-1)?.['offset']).toBe(101);
  });

  test('forgets its place when numbers may have begun anew, so that no press is passed over', async () => {
    world.bot.renumber(1_000_000);
    expect(await approveByButton()).toBe('approved');
    await world.hearing.stop();
    world.time.pass(LIMITS.telegramOffsetMsMax + 1);
    world.bot.renumber(5);
    const next = world.hear();
    expect(await approveByButton()).toBe('approved');
    await next.stop();
  });

  test.each([
    ['that another program asks too', [{ status: 409 }, { status: 409 }]],
    ['errors of its own', [{ status: 500 }, { status: 502 }, { status: 504 }]],
    ['that it is asked too often', [{ status: 429, retryAfter: 1 }]],
    ['what is no answer', [{ status: 200, description: 'odd' }]],
  ])('goes on after Telegram answered with %s', async (_what, refusals) => {
    await world.hearing.stop();
    world.bot.refuse('getUpdates', ...refusals);
    const next = world.hear();
    await expect.poll(() => next.problems().get('telegram-1')).toBeDefined();
    expect(await approveByButton()).toBe('approved');
    await expect.poll(() => next.problems().size).toBe(0);
    await next.stop();
  });

  test('is given up when the server stops, whatever Telegram does', async () => {
    await world.hearing.stop();
    const before = questions().length;
    world.bot.refuse('getUpdates', { status: 0 });
    const next = world.hear();
    await expect.poll(() => questions().length).toBe(before + 1);
    await next.stop();
  });
});

describe('a place that can not be kept', () => {
  test('has nothing decided: a press that could be taken twice is not taken', async () => {
    const { approvals, bot, database } = world;
    const request = approvals.request(question());
    await expect.poll(() => bot.messages.length).toBe(2);
    const data = buttonsOf(bot.messages[0] as ChatMessage)['Approve'] ?? '';
    database.exec('PRAGMA query_only = ON');
    bot.press(data, { user: ANA });
    await expect.poll(() => world.hearing.problems().get('telegram-1')).toContain('could not keep');
    expect(approvals.find(request.id)?.state).toBe('pending');
    database.exec('PRAGMA query_only = OFF');
    await expect.poll(() => approvals.find(request.id)?.state).toBe('approved');
  });
});

describe('the token of a bot', () => {
  test('is in no message, reason, status or record, whatever goes wrong', async () => {
    const { bot, outbox, lines, drafts } = world;
    world.approvals.request(question());
    await expect.poll(() => bot.messages.length).toBe(2);
    bot.close();
    expect((await outbox.test()).map(({ why }) => why)).toEqual([expect.any(String), expect.any(String)]);
    world.approvals.request(question({ args: { n: 2 } }));
    await expect.poll(() => outbox.targets().every(({ failing }) => failing !== undefined)).toBe(true);
    await expect.poll(() => world.hearing.problems().size).toBe(1);
    const all = JSON.stringify([lines, drafts, outbox.targets(), outbox.waiting(), [...world.hearing.problems()]]);
    expect(all).not.toContain(TOKEN.slice(5));
    expect(all).not.toContain('127.0.0.1');
  });

  test.each([
    ['a part of a path', '1:aaaaaaaaaaaaaaaaaaaaaaaaa/../x'],
    ['another address', '@evil.example/1:aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['a line', `${TOKEN}\nx`],
  ])('that is %s is refused, and nothing is asked', async (_what, token) => {
    const other = await createTelegramWorld({ secret: async () => token });
    expect(await other.outbox.test('telegram-1/1')).toEqual([
      { target: 'telegram-1/1', why: 'the secret TELEGRAM is no token of a bot' },
    ]);
    expect(other.bot.asked).toEqual([]);
    await other.close();
  });
});
