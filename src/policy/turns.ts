// One change of the policy at a time, in the order they were asked for. Pure.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

export type Turns = {
  /** Runs the change after those before it. @throws `QUEUE_FULL` when too many wait · `SHUTTING_DOWN` after `close` · what the change throws. */
  readonly inTurn: <T>(change: () => Promise<T>) => Promise<T>;
  /** As `inTurn`, for the one change that is the service's own: it is taken however many wait. Nothing after `close`. */
  readonly inOwnTurn: (change: () => Promise<void>) => Promise<void>;
  /** Takes no more, and resolves when what was taken has ended. */
  readonly close: () => Promise<void>;
};

/** At most `LIMITS.policyChangesWaitingMax` changes wait or run. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let isClosed = false;
  const enqueue = <T>(change: () => Promise<T>): Promise<T> => {
    const mine = last.then(change);
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    inTurn: async (change) => {
      if (isClosed) {
        const details = { remedy: 'try again when it is back' };
        throw new SmcpError('SHUTTING_DOWN', 'the server is stopping: the policy stays as it is', { details });
      }
      if (waiting >= LIMITS.policyChangesWaitingMax) {
        throw new SmcpError('QUEUE_FULL', 'too many changes of the policy are waiting', {
          details: { remedy: 'try again in a moment' },
        });
      }
      waiting += 1;
      try {
        return await enqueue(change);
      } finally {
        waiting -= 1;
      }
    },
    inOwnTurn: async (change) => {
      if (!isClosed) await enqueue(change);
    },
    close: async () => {
      isClosed = true;
      await last;
    },
  };
}
