// A server whose people decide by Telegram, over a small Bot API on loopback: a real call waits, a button is pressed, the call runs, and
// the log proves it. And one that does not start on its log, and says so.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BotApi, buttonsOf, openBotApi, TOKEN } from '#test/notify/telegram/bot-api.ts';
import { connectStreamable, errorOf } from './clients.ts';
import { smcp, startServer, type TestServer, temporaryFolder } from './server.ts';

const ANA = 123;
const POLICY = `version: 1
agents:
  careful:
    grants:
      - { tools: ["demo_text__slugify"], approval: { ttl: 1h, wait: 0s } }
      - { tools: ["demo_text__*"], approval: { ttl: 1h, wait: 50s } }
`;
const folder = temporaryFolder();
const home = join(folder.path, 'home');
let bot: BotApi;
let server: TestServer;

beforeAll(async () => {
  bot = await openBotApi();
  mkdirSync(home, { mode: 0o700 });
  const target = `{ tokenSecret: TELEGRAM_TOKEN, apiUrl: "${bot.url}", chats: [${ANA}], people: { "${ANA}": ana } }`;
  writeFileSync(join(home, 'config.yaml'), `version: 1\nnotify: { telegram: [${target}] }\n`, { mode: 0o600 });
  writeFileSync(join(home, 'policy.yaml'), POLICY, { mode: 0o600 });
  server = await startServer(home);
});
afterAll(async () => {
  await server.stop();
  bot.close();
  folder.remove();
});

/** The text of a message that comes after `count` others. */
async function messageAfter(count: number) {
  await expect.poll(() => bot.messages.length).toBeGreaterThan(count);
  return bot.messages[count] ?? { message_id: 0, chat: 0, text: '' };
}

describe('a server with a bot', () => {
  test('says that its token is not set, and goes on once it is', async () => {
    const status = async () => ((await server.json('status')) as { notify: { buttons: string | null }[] }).notify[0];
    await expect.poll(async () => (await status())?.buttons).toContain('TELEGRAM_TOKEN is not set');
    expect((await server.smcp('notify', 'test')).code).toBe(1);
    const admin = readFileSync(join(home, 'admin.token'), 'utf8').trim();
    const set = await fetch(`${server.url}/admin/v1/secrets/TELEGRAM_TOKEN`, {
      ...{ method: 'POST', body: JSON.stringify({ value: TOKEN }) },
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    });
    expect(set.status).toBe(200);
    expect((await server.smcp('notify', 'test')).code).toBe(0);
    expect((await messageAfter(0)).text).toContain('SMCP: a test');
  });

  test('runs a call that waits when the person presses Approve, and its log verifies and names them', async () => {
    const { token } = (await server.json('agent', 'token', 'careful')) as { token: string };
    const client = await connectStreamable(server.url, token);
    const count = bot.messages.length;
    const answer = client.call('demo_text__echo', { message: 'by telegram' });
    const message = await messageAfter(count);
    expect(message.text).toContain('"message": "by telegram"');
    bot.press(buttonsOf(message)['Approve'] ?? '', { user: ANA, message: message.message_id });
    expect(await answer).not.toHaveProperty('isError', true);
    await expect.poll(() => message.text).toContain('by: ana, asserted by Telegram');
    await client.close();
    const tail = await server.json('log', 'tail');
    expect(JSON.stringify(tail)).toContain('{"kind":"channel","name":"ana","via":"telegram"}');
    expect((await server.smcp('log', 'verify')).code).toBe(0);
  });

  test('answers a call that the person denied, and tells a stranger who presses that it is not for them', async () => {
    const { token } = (await server.json('agent', 'token', 'careful')) as { token: string };
    const client = await connectStreamable(server.url, token);
    const count = bot.messages.length;
    const answer = client.call('demo_text__echo', { message: 'denied' });
    const message = await messageAfter(count);
    const { Approve = '', Deny = '' } = buttonsOf(message);
    const stranger = bot.press(Approve, { user: 666, chat: ANA });
    bot.press(Deny, { user: ANA });
    expect(errorOf(await answer)).toMatchObject({ code: 'APPROVAL_DENIED' });
    expect(bot.answered.find(({ query }) => query === stranger)?.text).toContain('not among those');
    await client.close();
  });

  test('lets no call begin that somebody approved who is no approver any more, tells of it again, and does once they are', async () => {
    const { token } = (await server.json('agent', 'token', 'careful')) as { token: string };
    const call = async () => {
      const client = await connectStreamable(server.url, token);
      const result = await client.call('demo_text__slugify', { title: 'a' });
      await client.close();
      return result;
    };
    const apply = async (text: string) => {
      const file = join(folder.path, 'given.yaml');
      writeFileSync(file, text);
      expect((await server.smcp('policy', 'apply', file)).code).toBe(0);
    };
    const count = bot.messages.length;
    expect(errorOf(await call())).toMatchObject({ code: 'APPROVAL_PENDING' });
    const message = await messageAfter(count);
    bot.press(buttonsOf(message)['Approve'] ?? '', { user: ANA });
    await expect.poll(() => message.text).toContain('by: ana, asserted by Telegram');
    await apply(`${POLICY}people: { ana: { role: viewer } }\n`);
    const refused = errorOf(await call());
    expect(refused.code).toBe('APPROVAL_PENDING');
    expect(refused.message).toContain('the approval of ana, asserted by Telegram counts no more: ana is viewer');
    const again = () => bot.messages.slice(count + 1).map(({ text }) => text);
    await expect.poll(() => again().join('\n')).toContain('counts no more: ana, asserted by Telegram: ana is viewer');
    await apply(`${POLICY}people: { ana: { role: approver } }\n`);
    expect(await call()).not.toHaveProperty('isError', true);
  });

  test('has its token in no file of the home but the sealed secret, and in no message', async () => {
    const { stdout } = await server.smcp('log', 'tail', '--json');
    const all = [stdout, server.stderr(), readFileSync(join(home, 'smcp.db')).toString('latin1')];
    expect(all.join('\n')).not.toContain(TOKEN.slice(5));
  });
});

test('a server that does not start on its log tells its people first', async () => {
  await server.stop();
  const count = bot.messages.length;
  const note = readFileSync(join(home, 'checkpoint'), 'utf8');
  writeFileSync(join(home, 'checkpoint'), note.replace(/\n\d+\n/, '\n999999\n'));
  const { code } = await smcp(['serve', '--port', '0', '--home', home]);
  expect(code).not.toBe(0);
  expect((await messageAfter(count)).text).toContain('The server does not start');
  writeFileSync(join(home, 'checkpoint'), note);
  server = await startServer(home);
});
