// One host call after the other in a workspace: what one counts, no other changes meanwhile.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { cancelled } from './faults.ts';

/**
 * Runs `run` when those before it have ended, or rejects with `CANCELLED` where `signal` is aborted by then. @throws `QUEUE_FULL`
 */
export type InTurn = <T>(run: () => Promise<T>, signal: AbortSignal) => Promise<T>;

export function createTurns(waitingMax: number = LIMITS.workspaceWaitingMax): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (run, signal) => {
    if (waiting >= waitingMax) {
      const details = { remedy: 'await one call before the next' };
      throw new SmcpError('QUEUE_FULL', `at most ${waitingMax} calls wait in a workspace`, { details });
    }
    waiting += 1;
    const turn = last.then(() => {
      waiting -= 1;
      if (signal.aborted) throw cancelled();
      return run();
    });
    last = turn.catch(() => {});
    return turn;
  };
}
