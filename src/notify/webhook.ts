// A webhook: one POST for each notice, signed, tried again with growing pauses, bounded in number and time. Called by app only.
// **Trust:** address and key are the operator's. What the receiver answers decides nothing: only its status is looked at.

import type { Clock } from '#base/clock.ts';
import { uuidv7 } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { Notice, NoticeChannel } from '#domain/notify-ports.ts';
import { HEADERS, signBody } from './signature.ts';

export type WebhookPorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keeps that a notice was given up, and why. */
  readonly onFailed: (notice: Notice, why: string) => void;
};

export type WebhookOptions = {
  /** The operator's: http and https, also to this machine. Redirections are not followed. */
  readonly url: string;
  /** Of the HMAC. */
  readonly key: string;
  readonly version: string;
  /** Before the second try; four times as long before each one after. */
  readonly retryMs?: number;
};

type Delivery = { readonly notice: Notice; readonly id: string; readonly body: string; tries: number };

/** The pause before the next try is this much longer than the one before. */
const BACK_OFF = 4;

export function createWebhook({ clock, logger, onFailed }: WebhookPorts, options: WebhookOptions): NoticeChannel {
  const { url, key, version, retryMs = LIMITS.notifyRetryMs } = options;
  const closed = new AbortController();
  const queue: Delivery[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let underWay = 0;

  /** Undefined when it was taken, else why not. Never throws. */
  const post = async ({ id, body }: Delivery): Promise<string | undefined> => {
    const timestamp = String(Math.floor(clock.nowMs() / 1000));
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        redirect: 'manual',
        signal: AbortSignal.any([closed.signal, AbortSignal.timeout(LIMITS.notifyMsMax)]),
        headers: {
          'content-type': 'application/json',
          'user-agent': `smcp/${version}`,
          [HEADERS.delivery]: id,
          [HEADERS.timestamp]: timestamp,
          [HEADERS.signature]: signBody(key, timestamp, body),
        },
      });
      await response.body?.cancel();
      return response.ok ? undefined : `it answered ${response.status}`;
    } catch (thrown) {
      return reasonOf(thrown);
    }
  };

  const giveUp = ({ notice }: Delivery, why: string) => {
    logger.warn('nobody was told', { about: notice.subject, why });
    onFailed(notice, why);
  };

  const isStale = ({ notice }: Delivery): boolean => notice.staleMs !== undefined && clock.nowMs() >= notice.staleMs;

  const retry = (delivery: Delivery, why: string) => {
    if (closed.signal.aborted || isStale(delivery)) return;
    if (delivery.tries >= LIMITS.notifyTriesMax) return giveUp(delivery, why);
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        queue.push(delivery);
        pump();
      },
      retryMs * BACK_OFF ** (delivery.tries - 1),
    ).unref();
    timers.add(timer);
  };

  const deliver = async (delivery: Delivery): Promise<void> => {
    delivery.tries += 1;
    const why = await post(delivery);
    underWay -= 1;
    if (why !== undefined) retry(delivery, why);
    pump();
  };

  const pump = () => {
    while (!closed.signal.aborted && underWay < LIMITS.notifyUnderWayMax) {
      const delivery = queue.shift();
      if (delivery === undefined) return;
      if (isStale(delivery)) continue;
      underWay += 1;
      void deliver(delivery);
    }
  };

  return {
    tell: (notice) => {
      if (closed.signal.aborted) return;
      const delivery: Delivery = { notice, id: uuidv7(clock.nowMs()), body: JSON.stringify(notice.body), tries: 0 };
      if (queue.length + timers.size + underWay >= LIMITS.notifyWaitingMax) {
        return giveUp(delivery, `${LIMITS.notifyWaitingMax} others wait`);
      }
      queue.push(delivery);
      pump();
    },
    close: () => {
      closed.abort();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      queue.length = 0;
    },
  };
}

/** Without addresses or texts of others. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return `it can't be reached (${code})`;
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return 'it did not answer in time';
  return "it can't be reached";
}
