// Real approvals, a real outbox and the real joints of Telegram, over a small Bot API on loopback.

import { tellOfApprovals } from '#app/notices/approvals.ts';
import { hearTelegram, telegramChats } from '#app/notices/telegram.ts';
import type { LogFields, Logger } from '#base/log.ts';
import { NOTICE_KINDS } from '#domain/notify-ports.ts';
import type { TelegramTarget } from '#domain/notify-targets.ts';
import type { PersonName, PersonRole } from '#domain/person.ts';
import { createOutbox } from '#notify/outbox.ts';
import { createNoticeStore, createSentMessages } from '#store/notices.ts';
import { createMetaStore } from '#store/state-stores.ts';
import { createWorld } from '#test/approvals/world.ts';
import { openBotApi, TOKEN } from './bot-api.ts';

export const ANA = 123;
export const GROUP = -100;
export const STRANGER = 666;

/** Everything that is logged, as one text. */
function keptLogger() {
  const lines: string[] = [];
  const keep = (message: string, fields?: LogFields) => void lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  return { lines, logger: { debug: keep, info: keep, warn: keep, error: keep } satisfies Logger };
}

export type TelegramWorldOptions = {
  readonly target?: Partial<TelegramTarget>;
  readonly secret?: () => Promise<string>;
};

export async function createTelegramWorld({ target = {}, secret = async () => TOKEN }: TelegramWorldOptions = {}) {
  const bot = await openBotApi();
  const approvalsWorld = createWorld();
  const { database, time, approvals } = approvalsWorld;
  const { lines, logger } = keptLogger();
  const config: TelegramTarget = {
    ...{ name: 'telegram-1', kinds: NOTICE_KINDS, apiUrl: bot.url, tokenSecret: 'TELEGRAM', showsDetails: true },
    ...{ chats: [ANA, GROUP], people: new Map([[ANA, 'ana']]) },
    ...target,
  };
  const ports = { readOwn: secret, sentMessages: createSentMessages(database), version: '1' };
  const outbox = createOutbox(
    { store: createNoticeStore(database), clock: time.clock, logger, onDropped: () => {} },
    { channels: telegramChats(config, ports), server: 'smcp.test', retryMs: 5 },
  );
  tellOfApprovals(approvals, outbox, 'https://smcp.example.org');
  const policyPeople = new Map<PersonName, PersonRole>();
  const meta = createMetaStore(database);
  /** Hears buttons until the function it gives is called. */
  const hear = () => {
    const stack = new AsyncDisposableStack();
    const deciding = { ...ports, approvals, policyPeople: () => policyPeople, meta, clock: time.clock, logger };
    const problems = hearTelegram([config], deciding, stack, { retryMs: 5 });
    return { problems, stop: () => stack.disposeAsync() };
  };
  const hearing = hear();
  const close = async () => {
    outbox.close();
    await hearing.stop();
    bot.close();
  };
  const answerTo = (query: string) => bot.answered.find((one) => one.query === query)?.text;
  return { ...approvalsWorld, bot, outbox, hear, hearing, meta, lines, answerTo, policyPeople, close };
}

export type TelegramWorld = Awaited<ReturnType<typeof createTelegramWorld>>;
