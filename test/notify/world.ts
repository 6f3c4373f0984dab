// A real outbox over a store in memory, a clock that a test moves, and targets that do as the test says.

import { silentLogger } from '#base/log.ts';
import {
  type Delivery,
  type DeliveryResult,
  NOTICE_KINDS,
  type Notice,
  type NoticeChannel,
  type NoticeStore,
} from '#domain/notify-ports.ts';
import { createOutbox, type OutboxOptions } from '#notify/outbox.ts';
import { migrate } from '#store/migrations.ts';
import { createNoticeStore } from '#store/notices.ts';
import { openDatabase } from '#store/sqlite.ts';
import { createClock } from '#test/approvals/world.ts';

export const notice = (subject: string, more: Partial<Notice> = {}): Notice => ({
  ...{ kind: 'approval', subject, title: `title of ${subject}`, lines: ['line'], body: { kind: 'approval', subject } },
  ...more,
});

export const TAKEN: DeliveryResult = { kind: 'taken' };
export const DOWN: DeliveryResult = { kind: 'failed', why: 'it answered 500' };
export const NO: DeliveryResult = { kind: 'refused', why: 'it answered 400' };

/** Answers each try with what `answer` gives; keeps what it was told. */
export function createFakeTarget(
  name: string,
  answer: (delivery: Delivery) => DeliveryResult | Promise<DeliveryResult>,
) {
  const tries: Delivery[] = [];
  const told: string[] = [];
  const channel = {
    ...{ type: 'webhook', name, addressDigest: `digest of ${name}`, kinds: [...NOTICE_KINDS] },
    deliver: async (delivery) => {
      tries.push(delivery);
      const result = await answer(delivery);
      if (result.kind === 'taken') told.push(delivery.notice.subject);
      return result;
    },
  } satisfies NoticeChannel;
  return { channel, tries, told };
}

export function createOutboxWorld() {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  const store = createNoticeStore(database);
  const time = createClock();
  const dropped: [string, string][] = [];
  const opened: { readonly close: () => void }[] = [];
  const open = (
    channels: readonly NoticeChannel[],
    options: Partial<OutboxOptions> = {},
    kept: NoticeStore = store,
  ) => {
    const outbox = createOutbox(
      {
        ...{ store: kept, clock: time.clock, logger: silentLogger },
        onDropped: ({ name }, { subject }, why) => void dropped.push([`${name}: ${subject}`, why]),
      },
      { channels, server: 'smcp.test', retryMs: 1, ...options },
    );
    opened.push(outbox);
    return outbox;
  };
  const closeAll = () => {
    for (const one of opened) one.close();
  };
  return { store, time, dropped, open, closeAll, database };
}
