// What a chat of Telegram is sent: text and never markup, arguments whole or not at all, and buttons only where they are whole.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { question } from '#test/approvals/world.ts';
import { notice } from '#test/notify/world.ts';
import { buttonsOf, type ChatMessage } from './bot-api.ts';
import { ANA, createTelegramWorld, GROUP, type TelegramWorld } from './world.ts';

let world: TelegramWorld;
beforeEach(async () => {
  world = await createTelegramWorld();
});
afterEach(() => world.close());

async function messages(count: number): Promise<readonly ChatMessage[]> {
  await expect.poll(() => world.bot.messages.length).toBe(count);
  return world.bot.messages;
}

const sent = () => world.bot.asked.filter(({ method }) => method === 'sendMessage').map(({ params }) => params);

describe('a request for approval', () => {
  test('is told to each chat, with everything there is to see and two buttons', async () => {
    const { approvals } = world;
    const request = approvals.request(question({ args: { to: 'a\u202eb' } }));
    const [first, second] = await messages(2);
    expect([first?.chat, second?.chat].toSorted()).toEqual([GROUP, ANA]);
    expect(first?.text).toContain('athena asks for devops__deploy');
    expect(first?.text).toContain('"to": "a\\u202eb"');
    expect(first?.text).toContain(`smcp approvals show ${request.id}`);
    const { Approve = '', Deny = '' } = buttonsOf(first as ChatMessage);
    expect([Buffer.byteLength(Approve), Buffer.byteLength(Deny)]).toEqual([62, 62]);
  });

  test('has no markup in it, no link, name or command, and nothing that is fetched', async () => {
    const evil = '*bold* <b>x</b> [a](http://evil.example) @ana /start https://evil.example/?leak=1';
    world.approvals.request(question({ args: { evil } }));
    await messages(2);
    for (const { text, entities, link_preview_options, ...params } of sent()) {
      expect(params).not.toHaveProperty('parse_mode');
      expect(link_preview_options).toEqual({ is_disabled: true });
      const [, code] = entities as { type: string; offset: number; length: number }[];
      expect(code?.type).toBe('pre');
      // All but the title, which has names of ours only, is in the block of code.
      const inCode = String(text).slice(code?.offset, (code?.offset ?? 0) + (code?.length ?? 0));
      expect(inCode).toContain(evil);
      expect(String(text).slice(0, code?.offset)).toBe('SMCP: athena asks for devops__deploy\n\n');
    }
  });

  test('whose arguments do not fit is told without them, and without buttons', async () => {
    const { approvals } = world;
    approvals.request(question({ args: { text: 'x'.repeat(LIMITS.telegramTextLengthMax) } }));
    for (const message of await messages(2)) {
      expect(message.text).toContain('do not fit here');
      expect(message.text).not.toContain('xxx');
      expect(buttonsOf(message)).toEqual({});
    }
  });

  test('at the bound is whole, with buttons; one character more and it has neither', async () => {
    const { approvals } = world;
    approvals.request(question({ args: { text: '' } }));
    const empty = (await messages(2))[0]?.text.length ?? 0;
    const room = LIMITS.telegramTextLengthMax - empty;
    approvals.request(question({ args: { text: 'x'.repeat(room) } }));
    const full = (await messages(4))[3] as ChatMessage;
    expect([full.text.length, Object.keys(buttonsOf(full))]).toEqual([4_096, ['Approve', 'Deny']]);
    approvals.request(question({ args: { text: 'x'.repeat(room + 1) } }));
    expect(buttonsOf((await messages(6))[5] as ChatMessage)).toEqual({});
  });

  test('that is over is written into the message that told of it, by whom, without buttons', async () => {
    const { approvals, approve, bot } = world;
    const request = approvals.request(question());
    await messages(2);
    await approve(request);
    await expect.poll(() => bot.messages.map(({ text }) => text.includes('by: admin'))).toEqual([true, true]);
    expect(bot.messages.map(buttonsOf)).toEqual([{}, {}]);
    expect(bot.messages[0]?.text).toContain('SMCP: approved: devops__deploy of athena');
  });

  test('whose message was deleted is told of anew', async () => {
    const { approvals, approve, bot } = world;
    const request = approvals.request(question());
    await messages(2);
    bot.messages.length = 0;
    await approve(request);
    expect((await messages(2))[0]?.text).toContain('approved');
  });

  test('has no buttons where nobody may decide by one, or where its arguments are not sent', async () => {
    for (const target of [{ people: new Map<number, string>() }, { showsDetails: false }]) {
      const other = await createTelegramWorld({ target });
      other.approvals.request(question());
      await expect.poll(() => other.bot.messages.length).toBe(2);
      expect(other.bot.messages.map(buttonsOf)).toEqual([{}, {}]);
      await other.close();
    }
  });
});

describe('a chat', () => {
  test('is left alone for as long as Telegram asks, and gets everything after that, in order', async () => {
    const { bot, outbox } = world;
    bot.refuse('sendMessage', { status: 429, retryAfter: 1 }, { status: 502 }, { status: 502 });
    for (const subject of ['a', 'b']) outbox.tell(notice(subject));
    await expect.poll(() => bot.messages.length).toBe(4);
    for (const chat of [ANA, GROUP]) {
      const texts = bot.messages.filter((one) => one.chat === chat).map(({ text }) => text.split('\n')[0]);
      expect(texts).toEqual(['title of a', 'title of b']);
    }
    expect(outbox.targets().map(({ dropped }) => dropped)).toEqual([0, 0]);
  });

  test('that does not know the bot holds up no other, and its reason is in words of ours', async () => {
    const { bot, outbox } = world;
    bot.refuse('sendMessage', { status: 403, description: `Forbidden: ${'x'.repeat(1_000)}` });
    outbox.tell(notice('a'));
    await expect.poll(() => bot.messages.length).toBe(2);
    expect(world.lines.join()).not.toContain('xxx');
  });
});
