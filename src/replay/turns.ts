// One piece of work at a time, in the order in which it came, and a bounded number that waits.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

export type Turns = {
  /** Does it when its turn has come. @throws `QUEUE_FULL` · what the work throws */
  readonly take: <T>(work: () => Promise<T>) => Promise<T>;
};

/** @param onIdle called when nothing was done for `LIMITS.replayIdleMs` */
export function createTurns(onIdle: () => Promise<void>): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;
  let idle: NodeJS.Timeout | undefined;

  const leave = (): void => {
    count -= 1;
    if (count > 0) return;
    idle = setTimeout(() => void onIdle().catch(() => {}), LIMITS.replayIdleMs);
    idle.unref();
  };

  return {
    take: (work) => {
      if (count > LIMITS.replaysWaitingMax) {
        throw new SmcpError('QUEUE_FULL', `${LIMITS.replaysWaitingMax} replays wait already`, {
          details: { remedy: 'wait for them to end, then try again' },
        });
      }
      count += 1;
      clearTimeout(idle);
      const turn = last.then(work);
      last = turn.then(leave, leave);
      return turn;
    },
  };
}
