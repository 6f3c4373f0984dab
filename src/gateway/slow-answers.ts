// Answers that are long in coming. Each becomes a stream after one or two times `streamPingMs`, so that pings tell proxies
// and clients that it will come, and tell us of a client that is gone. One timer for all of them, as most are quick.

import { LIMITS } from '#base/limits.ts';

/** An answer that is waited for. */
export type SlowAnswer = {
  /** Called at most once, when it is late. */
  readonly openStream: () => void;
};

export type SlowAnswers = {
  readonly add: (answer: SlowAnswer) => void;
  /** It has come, or nobody waits for it any more. */
  readonly delete: (answer: SlowAnswer) => void;
  readonly close: () => void;
};

export function createSlowAnswers(): SlowAnswers {
  let recent = new Set<SlowAnswer>();
  let late = new Set<SlowAnswer>();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  const tick = () => {
    for (const answer of late) answer.openStream();
    late = recent;
    recent = new Set();
    if (late.size === 0) stop();
  };
  return {
    add: (answer) => {
      recent.add(answer);
      timer ??= setInterval(tick, LIMITS.streamPingMs);
    },
    delete: (answer) => {
      if (!recent.delete(answer)) late.delete(answer);
    },
    close: stop,
  };
}
