// One target: what waits for it, told one after the other in order, with growing pauses while it takes nothing. Used by outbox.ts.
// **Trust:** what a receiver answers decides only whether and when it is tried again.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { DeliveryResult, NoticeChannel, NoticeHead, NoticeStore, NoticeTarget } from '#domain/notify-ports.ts';

export type TargetPorts = {
  readonly store: NoticeStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keeps that a target was not told something, and why. */
  readonly onDropped: (channel: NoticeChannel, head: NoticeHead, why: string) => void;
};

export type TargetOptions = {
  /** What was kept for it before the start. */
  readonly kept: readonly NoticeHead[];
  /** The pause after the first try that failed. */
  readonly retryMs: number;
};

export type Target = {
  readonly channel: NoticeChannel;
  /** Takes what is on disk already. The oldest makes room, where too many wait. */
  readonly add: (head: NoticeHead) => void;
  readonly view: () => NoticeTarget;
  readonly waiting: () => readonly NoticeHead[];
  /** Begins nothing more; what waits is kept. */
  readonly close: () => void;
};

type Failing = NonNullable<NoticeTarget['failing']>;

/** A pause is this much longer than the one before. */
const BACK_OFF = 4;
/** So much of a pause is chance, so that many servers don't come back in one moment. */
const JITTER = 0.25;

export function createTarget(ports: TargetPorts, channel: NoticeChannel, options: TargetOptions): Target {
  const { store, clock, logger, onDropped } = ports;
  const closed = new AbortController();
  const queue = [...options.kept];
  const counts = { delivered: 0, dropped: 0 };
  let deliveredMs: number | undefined;
  let failing: Failing | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isTrying = false;

  /** A store that can't be written any more is told by the log; what was told may then be told again. */
  const kept = (write: () => void) => {
    try {
      write();
    } catch (thrown) {
      logger.error('what people were told was not kept', { target: channel.name, error: String(thrown) });
    }
  };
  const leave = (head: NoticeHead) => {
    const at = queue.indexOf(head);
    if (at >= 0) queue.splice(at, 1);
    kept(() => store.remove([head.place]));
  };
  const drop = (head: NoticeHead, why: string) => {
    leave(head);
    counts.dropped += 1;
    logger.warn('nobody was told', { target: channel.name, about: head.subject, why });
    onDropped(channel, head, why);
  };

  /** The next one that still matters. */
  const next = (): NoticeHead | undefined => {
    for (;;) {
      const head = queue[0];
      if (head === undefined) return undefined;
      const nowMs = clock.nowMs();
      if (head.staleMs !== undefined && nowMs >= head.staleMs) leave(head);
      else if (nowMs - head.createdMs >= LIMITS.notifyAgeMsMax) drop(head, head.why ?? 'it is too old');
      else return head;
    }
  };

  const deliver = async (head: NoticeHead): Promise<DeliveryResult | undefined> => {
    try {
      const notice = store.notice(head.place);
      if (notice === undefined) return undefined;
      const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(LIMITS.notifyMsMax)]);
      return await channel.deliver({ id: head.id, notice }, signal);
    } catch (thrown) {
      logger.error('a notice could not be tried', { target: channel.name, error: String(thrown) });
      return { kind: 'failed', why: 'the server could not try' };
    }
  };

  const failed = (head: NoticeHead, result: Exclude<DeliveryResult, { kind: 'taken' }>) => {
    const { kind, why, afterMs = 0 } = result;
    const at = queue.indexOf(head);
    // It made room meanwhile.
    if (at < 0) return;
    const tries = head.tries + 1;
    const tried: NoticeHead = { ...head, tries, why };
    queue[at] = tried;
    const streak = (failing?.tries ?? 0) + 1;
    const pauseMs = Math.max(pauseAfter(streak, options.retryMs), Math.min(afterMs, LIMITS.notifyAfterMsMax));
    const nowMs = clock.nowMs();
    failing = { sinceMs: failing?.sinceMs ?? nowMs, why, tries: streak, nextMs: nowMs + pauseMs };
    if (kind === 'refused' && tries >= LIMITS.notifyTriesMax) drop(tried, why);
    else kept(() => store.tried(head.place, tries, why));
    timer = setTimeout(() => {
      timer = undefined;
      pump();
    }, pauseMs).unref();
  };

  const attempt = async (head: NoticeHead): Promise<void> => {
    const result = await deliver(head);
    isTrying = false;
    if (closed.signal.aborted && result?.kind !== 'taken') return;
    if (result === undefined || result.kind === 'taken') {
      leave(head);
      failing = undefined;
      if (result !== undefined) {
        counts.delivered += 1;
        deliveredMs = clock.nowMs();
      }
    } else failed(head, result);
    pump();
  };

  function pump(): void {
    if (closed.signal.aborted || isTrying || timer !== undefined) return;
    const head = next();
    if (head === undefined) return;
    isTrying = true;
    void attempt(head);
  }

  pump();
  return {
    channel,
    add: (head) => {
      queue.push(head);
      // What is being tried just now is not taken from under its receiver.
      if (queue.length > LIMITS.notifyWaitingMax) {
        const oldest = queue[isTrying ? 1 : 0];
        if (oldest !== undefined) drop(oldest, `${LIMITS.notifyWaitingMax} others wait`);
      }
      pump();
    },
    view: () => ({
      ...{ name: channel.name, type: channel.type, kinds: channel.kinds, waiting: queue.length, ...counts },
      ...(deliveredMs === undefined ? {} : { deliveredMs }),
      ...(failing === undefined ? {} : { failing }),
    }),
    waiting: () => queue,
    close: () => {
      closed.abort();
      clearTimeout(timer);
    },
  };
}

/** @param streak tries that failed one after the other, from 1 */
function pauseAfter(streak: number, retryMs: number): number {
  const pauseMs = Math.min(retryMs * BACK_OFF ** Math.min(streak - 1, 16), LIMITS.notifyRetryMsMax);
  return Math.ceil(pauseMs * (1 - JITTER * Math.random()));
}
