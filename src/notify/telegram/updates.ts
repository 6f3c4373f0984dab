// Asks Telegram for the presses of buttons, one question after the other: nothing comes in by itself, so there is no port to reach, and
// nobody but the server of the API can say that something was pressed. Used by the app.
// **Trust:** the server of the API is the operator's choice; what it says of a press is looked at field by field.

import type { Clock } from '#base/clock.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { MetaStore } from '#domain/store-ports.ts';
import type { TelegramAnswer, TelegramApi } from './api.ts';

/** A button that somebody pressed. */
export type Pressed = {
  /** Of the press: what is answered to. */
  readonly query: string;
  /** Who pressed: a user's number, which no name or title stands for. */
  readonly user: number;
  readonly chat: number;
  readonly message: number;
  readonly data: string;
};

export type UpdatePorts = {
  readonly api: TelegramApi;
  readonly meta: MetaStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes one press. Never rejects. */
  readonly onPressed: (pressed: Pressed, signal: AbortSignal) => Promise<void>;
};

export type UpdateOptions = {
  /** Of the target, for messages. */
  readonly name: string;
  /** The pause after the first question that failed. */
  readonly retryMs?: number;
};

export type Updates = {
  /** Why presses don't come in; undefined: they do. */
  readonly problem: () => string | undefined;
  /** Asks nothing more, and resolves when no press is under way. */
  readonly close: () => Promise<void>;
};

/** A pause is this much longer than the one before. */
const BACK_OFF = 2;

/**
 * Asks until it is closed. Each press is taken once: that it was is on disk before it is.
 *
 * **Durability:** a press that was taken when the server ended is not taken again; the person is not told, and presses once more.
 */
export function followUpdates(ports: UpdatePorts, { name, retryMs = LIMITS.notifyRetryMs }: UpdateOptions): Updates {
  const { api, clock, logger, onPressed } = ports;
  const place = placeOf(ports);
  const closed = new AbortController();
  let problem: string | undefined;

  const ask = async (): Promise<TelegramAnswer> => {
    place.look(await api.bot());
    const offset = place.get();
    const params = {
      ...(offset === undefined ? {} : { offset }),
      ...{ timeout: LIMITS.telegramPollSecondsMax, limit: LIMITS.telegramUpdatesMax },
      allowed_updates: ['callback_query'],
    };
    const wait = AbortSignal.timeout(LIMITS.telegramPollSecondsMax * 1000 + LIMITS.telegramPollGraceMs);
    return api.call('getUpdates', params, AbortSignal.any([closed.signal, wait]));
  };

  /** How many there were. */
  const take = async (result: Json): Promise<number> => {
    const updates = Array.isArray(result) ? result : [];
    for (const update of updates) {
      const id = isJsonObject(update) ? update['update_id'] : undefined;
      if (!isJsonObject(update) || !isCount(id)) continue;
      if (id < (place.get() ?? 0)) continue;
      place.set(id + 1, clock.nowMs());
      const pressed = readPressed(update['callback_query']);
      if (pressed !== undefined) await onPressed(pressed, closed.signal);
    }
    return updates.length;
  };

  const failed = (why: string) => {
    if (problem !== why) logger.warn('buttons of Telegram are not heard', { target: name, why });
    problem = why;
  };

  const follow = async (): Promise<void> => {
    let streak = 0;
    while (!closed.signal.aborted) {
      const askedMs = clock.monotonicMs();
      const answer = await ask();
      if (closed.signal.aborted) return;
      try {
        if (answer.kind === 'ok') {
          const count = await take(answer.result);
          problem = undefined;
          streak = 0;
          // A server that holds no question open would be asked without a pause.
          const isQuick = count === 0 && clock.monotonicMs() - askedMs < retryMs;
          if (isQuick) await pause(retryMs, closed.signal);
          continue;
        }
        failed(answer.why);
      } catch (thrown) {
        // A place that can't be kept: what was pressed is not taken, and asked for again.
        failed('the server could not keep where it was');
        logger.error('a press was not taken', { target: name, error: String(thrown) });
      }
      streak += 1;
      const pauseMs = Math.min(retryMs * BACK_OFF ** Math.min(streak - 1, 16), LIMITS.notifyRetryMsMax);
      const afterMs = answer.kind === 'error' ? Math.min(answer.afterMs ?? 0, LIMITS.notifyAfterMsMax) : 0;
      await pause(Math.max(pauseMs, afterMs), closed.signal);
    }
  };

  const following = follow();
  return {
    problem: () => problem,
    close: async () => {
      closed.abort();
      await following;
    },
  };
}

type Place = { readonly next: number; readonly setMs: number };

/** The number of the bot's next update; forgotten when numbers may have begun anew. */
function placeOf({ meta, clock }: UpdatePorts) {
  let key: string | undefined;
  let kept: Place | undefined;
  return {
    /** Another token under the same name may be another bot's, whose numbers are others. */
    look: (bot: string | undefined) => {
      const now = bot === undefined ? undefined : `notify.telegram.${bot}`;
      if (now === key) return;
      key = now;
      kept = key === undefined ? undefined : parsePlace(meta.get(key));
    },
    get: (): number | undefined => {
      const ageMs = clock.nowMs() - (kept?.setMs ?? 0);
      return ageMs > LIMITS.telegramOffsetMsMax ? undefined : kept?.next;
    },
    set: (next: number, setMs: number) => {
      if (key !== undefined) meta.put(key, JSON.stringify({ next, setMs }));
      kept = { next, setMs };
    },
  };
}

function parsePlace(text: string | undefined): Place | undefined {
  const [, next, setMs] = /^\{"next":(\d{1,15}),"setMs":(\d{1,15})\}$/.exec(text ?? '') ?? [];
  return next === undefined || setMs === undefined ? undefined : { next: Number(next), setMs: Number(setMs) };
}

const isCount = (value: Json | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** **Source:** core.telegram.org/bots/api#callbackquery */
function readPressed(query: Json | undefined): Pressed | undefined {
  if (!isJsonObject(query)) return undefined;
  const { id, from, message, data } = query;
  const chat = isJsonObject(message) && isJsonObject(message['chat']) ? message['chat']['id'] : undefined;
  const number = isJsonObject(message) ? message['message_id'] : undefined;
  const user = isJsonObject(from) ? from['id'] : undefined;
  const isRead =
    typeof id === 'string' &&
    typeof data === 'string' &&
    isCount(user) &&
    Number.isSafeInteger(chat) &&
    Number.isSafeInteger(number);
  return isRead ? { query: id, user, chat: Number(chat), message: Number(number), data } : undefined;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    timer.unref();
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
