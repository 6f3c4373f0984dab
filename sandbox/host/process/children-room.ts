// How many restricted children there may be, and the users that they run as: each one that lives has a user of its own where
// the host has some to give, so that no limit, signal or file of one is another's. A user is given on only when every process
// of it has been reaped and its work folder is gone.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

/** Users of their own; a lease is given back by disposing of it. */
export type ChildUsers = { readonly take: (owner: string) => Disposable & { readonly uid: number } };

export type Place = Disposable & { readonly uid: number | undefined };

export type ChildrenRoom = {
  /**
   * A place for one child; `makeRoom` is asked to end an idle one when all are taken, and says whether it will.
   *
   * @throws `QUEUE_FULL` when every one runs a call; `SANDBOX_UNAVAILABLE` when no user is left
   */
  readonly take: (makeRoom: () => Promise<void> | undefined) => Promise<Place>;
  /** Whether one more can be had without ending another. */
  readonly isFree: () => boolean;
  /** Gives back all users. */
  readonly close: () => void;
};

export function createChildrenRoom(
  users: ChildUsers | undefined,
  childrenMax: number = LIMITS.childrenMax,
): ChildrenRoom {
  /** Users that were used and may be again: asking for one looks at every process of the machine. */
  const spare: (Disposable & { readonly uid: number })[] = [];
  let taken = 0;
  let number = 0;
  let isClosed = false;

  const place = (): Place => {
    taken += 1;
    try {
      const user = users === undefined ? undefined : (spare.pop() ?? users.take(`restricted child ${number++}`));
      let isOut = true;
      return {
        uid: user?.uid,
        [Symbol.dispose]: () => {
          if (!isOut) return;
          isOut = false;
          taken -= 1;
          if (user === undefined) return;
          if (isClosed) user[Symbol.dispose]();
          else spare.push(user);
        },
      };
    } catch (thrown) {
      taken -= 1;
      throw thrown;
    }
  };

  return {
    isFree: () => taken < childrenMax,
    take: async (makeRoom) => {
      if (taken >= childrenMax) await makeRoom();
      if (taken >= childrenMax) {
        throw new SmcpError('QUEUE_FULL', `the programs that plugins may run (${childrenMax}) all run calls`, {
          details: { retryAfterMs: 1000, remedy: 'wait for earlier calls to end, then try again' },
        });
      }
      return place();
    },
    close: () => {
      isClosed = true;
      for (const user of spare.splice(0)) user[Symbol.dispose]();
    },
  };
}
