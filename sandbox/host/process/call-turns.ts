// The processes of a fork server, one after the other: each waits for its call, and where the kernel has groups it is put into
// one of its own before it is told of that call. Trusts the fork server for a number, which is checked; never with a call.

import type { CallGroup, TreeGroup } from './tree-groups.ts';

export type CallTurns = {
  /** The process that will serve the next call has said that it waits. @throws when there is one already */
  readonly next: (body: Buffer) => void;
  /** Resolves when the next call may be told: at once where there are no groups. Rejects when that process is not as it must be. */
  readonly ready: () => Promise<void>;
  /** The call has ended: the process of the next one may say that it waits. */
  readonly over: () => void;
  /** After a call: false when something of it lives on. */
  readonly leave: () => boolean;
};

const PID = /^[1-9]\d{0,9}$/;

/** `parent`: the number of the fork server, known when the first process waits. `group` absent: there are no groups. */
export function createCallTurns(group: TreeGroup | undefined, parent: () => Promise<number | undefined>): CallTurns {
  let turn = Promise.withResolvers<CallGroup | undefined>();
  let isTaken = false;
  let entered: CallGroup | undefined;
  // Whoever doesn't wait for it learns of it from the next call.
  turn.promise.catch(() => {});

  const enter = async (pid: number): Promise<CallGroup | undefined> => {
    const server = await parent();
    return server === undefined ? undefined : group?.enterCall(pid, server);
  };

  return {
    next: (body) => {
      const text = body.toString('latin1');
      if (isTaken || !PID.test(text)) throw new Error('a process waits that should not');
      isTaken = true;
      turn.resolve(enter(Number(text)));
    },
    ready: async () => {
      if (group === undefined) return;
      entered = await turn.promise;
    },
    over: () => {
      turn = Promise.withResolvers();
      turn.promise.catch(() => {});
      isTaken = false;
    },
    leave: () => {
      const left = entered;
      entered = undefined;
      return left === undefined || left.leave();
    },
  };
}
