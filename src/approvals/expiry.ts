// When requests run out: by the time of day, and by a clock that never goes back, whichever is first. A clock that is set back
// gives no request more time. Used by approvals.ts only.

import type { Clock } from '#base/clock.ts';
import type { ApprovalRequest } from '#domain/approval-ports.ts';

export type Expiry = {
  /** Watches a request that was made just now. */
  readonly begin: (request: ApprovalRequest) => void;
  /** Watches one of an earlier run; where the clock shows a time before it was made or decided, it has run out. */
  readonly resume: (request: ApprovalRequest) => void;
  /** Tells at once if it has run out. */
  readonly look: (id: string) => void;
  readonly close: () => void;
};

type Watched = { readonly expiresMs: number; readonly deadlineMs: number; timer: NodeJS.Timeout };

/** `onExpired` is told of each once. Holds no process open. */
export function createExpiry(clock: Clock, onExpired: (id: string) => void): Expiry {
  const watched = new Map<string, Watched>();

  const leftMs = ({ expiresMs, deadlineMs }: Pick<Watched, 'expiresMs' | 'deadlineMs'>): number =>
    Math.min(expiresMs - clock.nowMs(), deadlineMs - clock.monotonicMs());

  const look = (id: string) => {
    const one = watched.get(id);
    if (one === undefined) return;
    clearTimeout(one.timer);
    const left = leftMs(one);
    if (left > 0) {
      one.timer = timerOf(id, left);
      return;
    }
    watched.delete(id);
    onExpired(id);
  };
  const timerOf = (id: string, ms: number) => setTimeout(() => look(id), Math.max(1, Math.ceil(ms))).unref();

  const watch = (id: string, expiresMs: number, deadlineMs: number) => {
    watched.set(id, { expiresMs, deadlineMs, timer: timerOf(id, leftMs({ expiresMs, deadlineMs })) });
  };
  return {
    begin: ({ id, createdMs, expiresMs }) => watch(id, expiresMs, clock.monotonicMs() + expiresMs - createdMs),
    resume: ({ id, createdMs, expiresMs, decision }) => {
      const nowMs = clock.nowMs();
      const isBefore = nowMs < Math.max(createdMs, decision?.atMs ?? createdMs);
      watch(id, expiresMs, clock.monotonicMs() + (isBefore ? 0 : expiresMs - nowMs));
      look(id);
    },
    look,
    close: () => {
      for (const { timer } of watched.values()) clearTimeout(timer);
      watched.clear();
    },
  };
}
