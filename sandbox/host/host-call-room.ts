// How many host calls of one invocation are under way, and how much of their answers waits in the host: what is over that waits, as the
// small texts that were asked, and not as the large ones that are answered. Called by running-call.ts only.

import { LIMITS } from '#base/limits.ts';

export type HostCallRoom = {
  /** Begins it when there is room, in the order in which they came; never once the room is closed. */
  readonly enter: (begin: () => void) => void;
  /** One that was begun is answered with so much. The function that is given back is to be called when that has left the host. */
  readonly answered: (length: number) => () => void;
  /** What waits is never begun. */
  readonly close: () => void;
};

export function createHostCallRoom(): HostCallRoom {
  let waiting: (() => void)[] = [];
  let underWay = 0;
  let unsentLength = 0;
  let isClosed = false;
  const pump = () => {
    while (underWay < LIMITS.hostCallsUnderWayMax && unsentLength <= LIMITS.hostAnswersWaitingBytesMax) {
      const begin = waiting.shift();
      if (begin === undefined) return;
      underWay += 1;
      begin();
    }
  };
  return {
    enter: (begin) => {
      if (isClosed) return;
      waiting.push(begin);
      pump();
    },
    answered: (length) => {
      underWay -= 1;
      unsentLength += length;
      return () => {
        unsentLength -= length;
        pump();
      };
    },
    close: () => {
      isClosed = true;
      waiting = [];
    },
  };
}
