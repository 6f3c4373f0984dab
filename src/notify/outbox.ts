// What is to be told, kept on disk until each target has it: at least once, with an id by which a receiver tells a repetition. Made
// once by the app. **Trust:** channels are the operator's; what is told is bounded by who makes it.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { uuidv7 } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type {
  Notice,
  NoticeBound,
  NoticeChannel,
  NoticeDesk,
  NoticeHead,
  NoticeStore,
  NoticeTeller,
} from '#domain/notify-ports.ts';
import { createMerger } from './merge.ts';
import { createTarget, type Target, type TargetPorts } from './target.ts';

export type OutboxPorts = {
  readonly store: NoticeStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onDropped: TargetPorts['onDropped'];
};

export type OutboxOptions = {
  readonly channels: readonly NoticeChannel[];
  /** Of the server, in a test notice. */
  readonly server: string;
  /** The pause after a try that failed. */
  readonly retryMs?: number;
  readonly mergeMs?: number;
};

export type Outbox = NoticeTeller &
  NoticeDesk & {
    /** Tries nothing more; what waits is kept for the next start, and what was held back in it. */
    readonly close: () => void;
  };

/** What was kept for a target that the configuration no longer has, or has under another address, is dropped. */
export function createOutbox(ports: OutboxPorts, options: OutboxOptions): Outbox {
  const { store, clock, logger } = ports;
  const { channels, retryMs = LIMITS.notifyRetryMs, mergeMs = LIMITS.notifyMergeMs } = options;
  const heads = store.heads();
  const targets = new Map<string, Target>(
    channels.map((channel) => {
      const kept = heads.filter(({ target }) => target === keyOf(channel));
      return [keyOf(channel), createTarget(ports, channel, { kept, retryMs })];
    }),
  );
  forgetOthers(heads.filter(({ target }) => !targets.has(target)));

  function forgetOthers(others: readonly NoticeHead[]): void {
    if (others.length === 0) return;
    logger.warn('notices for targets that are not in config.yaml any more are dropped', { notices: others.length });
    store.remove(others.map(({ place }) => place));
  }

  const keep = (notice: Notice) => {
    const wanted = [...targets].filter(([, { channel }]) => wants(channel, notice)).map(([key]) => key);
    if (wanted.length === 0) return;
    const createdMs = clock.nowMs();
    try {
      for (const head of store.add({ id: uuidv7(createdMs), notice, createdMs }, wanted)) {
        targets.get(head.target)?.add(head);
      }
    } catch (thrown) {
      logger.error('nobody can be told', { about: notice.subject, error: String(thrown) });
    }
  };
  const merger = createMerger(keep, { mergeMs });

  const tell = (notice: Notice, ...bounds: readonly NoticeBound[]): boolean => {
    if (!bounds.every(merger.admits)) return false;
    keep(notice);
    return true;
  };

  const testOf = async (channel: NoticeChannel) => {
    const nowMs = clock.nowMs();
    const notice = testNotice(options.server);
    const result = await channel.deliver({ id: uuidv7(nowMs), notice }, AbortSignal.timeout(LIMITS.notifyMsMax));
    return { target: channel.name, ...(result.kind === 'taken' ? {} : { why: result.why }) };
  };

  return {
    tell,
    targets: () => [...targets.values()].map((target) => target.view()),
    waiting: () =>
      [...targets.values()].flatMap(({ channel, waiting }) =>
        waiting().map(({ id, subject, createdMs, tries, why }) => ({
          ...{ id, target: channel.name, subject, createdMs, tries },
          ...(why === undefined ? {} : { why }),
        })),
      ),
    test: async (name) => {
      const asked = channels.filter((channel) => name === undefined || channel.name === name);
      if (name !== undefined && asked.length === 0) throw unknownTarget(channels);
      return Promise.all(asked.map(testOf));
    },
    close: () => {
      merger.close();
      for (const target of targets.values()) target.close();
    },
  };
}

/** Under which its rows are kept. */
const keyOf = ({ name, addressDigest }: NoticeChannel): string => `${name} ${addressDigest}`;

const wants = ({ kinds }: NoticeChannel, { kind }: Notice): boolean => kind === 'test' || kinds.includes(kind);

function testNotice(server: string): Notice {
  return {
    kind: 'test',
    subject: 'test',
    title: 'SMCP: a test',
    lines: [`This is how ${server} tells you of what wants your attention.`],
    look: 'smcp notify list',
    body: { kind: 'test', event: 'test' },
  };
}

function unknownTarget(channels: readonly NoticeChannel[]): SmcpError {
  const names = channels.map(({ name }) => name).join(', ');
  return new SmcpError('NOTIFY_TARGET_UNKNOWN', 'config.yaml names no such target under `notify`', {
    details: { remedy: names === '' ? 'add one: docs/notify.md says how' : `name one of ${names}` },
  });
}
