// The ways to people, opened as config.yaml names them, over what waits on disk to be told.

import { resolve } from 'node:path';
import type { AppOptions } from '#app/app-options.ts';
import { type Clock, rfc3339, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import type { NoticeChannel, NoticeHead } from '#domain/notify-ports.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { OwnSecretReader } from '#domain/secret-ports.ts';
import type { Store } from '#domain/store-ports.ts';
import { createMail } from '#notify/mail.ts';
import { createNtfy } from '#notify/ntfy.ts';
import { createOutbox, type Outbox } from '#notify/outbox.ts';
import { createWebhook } from '#notify/webhook.ts';
import { loadOrCreateWebhookKey } from '#notify/webhook-key.ts';
import { telegramChats } from './telegram.ts';

export type NoticePorts = {
  readonly store: Pick<Store, 'notices' | 'sentMessages'>;
  readonly log: RecordLog;
  readonly secrets: OwnSecretReader;
};

/** What waits is kept when the stack is disposed of. @throws `HOME_UNSAFE` or `CONFIG_INVALID` for a webhook's key */
export function openNotices(options: AppOptions, ports: NoticePorts, stack: AsyncDisposableStack): Outbox {
  const { logger, config } = options;
  const { store, log } = ports;
  const clock = systemClock;
  const outbox = createOutbox(
    { store: store.notices, clock, logger, onDropped: recordsDropped({ log, clock, logger }) },
    { channels: openChannels(options, ports), server: `the SMCP server ${config.log.name}` },
  );
  return stack.adopt(outbox, (opened) => opened.close());
}

/** Every target of the configuration. @throws as `openNotices` */
export function openChannels(
  { config, home, version }: AppOptions,
  { store: { sentMessages }, secrets: { readOwn } }: Pick<NoticePorts, 'store' | 'secrets'>,
): readonly NoticeChannel[] {
  const clock = systemClock;
  const secret = readOwn;
  const { webhooks, ntfy, mail, telegram } = config.notify;
  return [
    ...webhooks.map(({ url, keyFile, ...target }) => {
      const key = loadOrCreateWebhookKey(resolve(home.directory, keyFile));
      return createWebhook({ clock }, { ...target, url, key, version });
    }),
    ...ntfy.map((target) => createNtfy({ clock, secret }, { ...target, version })),
    ...mail.map((target) => createMail({ secret }, target)),
    ...telegram.flatMap((target) => telegramChats(target, { readOwn, sentMessages, version })),
  ];
}

/** That nobody was told is recorded; where that can't be either, the server's messages say so. */
export function recordsDropped({
  log,
  clock,
  logger,
}: {
  readonly log: RecordLog;
  readonly clock: Clock;
  readonly logger: Logger;
}): (channel: Pick<NoticeChannel, 'name' | 'type'>, head: Pick<NoticeHead, 'subject'>) => void {
  return ({ name, type }, { subject }) => {
    const predicate = {
      ...{ operation: `notify_${type}`, subject: `${name}: ${subject}` },
      ...{ by: 'smcp', failed: 'NOTIFY_FAILED', time: rfc3339(clock.nowMs()) },
    };
    log.append({ kind: 'admin', predicate }).catch((thrown: unknown) => {
      logger.error('that nobody was told was not recorded', { error: String(thrown) });
    });
  };
}
