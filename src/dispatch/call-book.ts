// The calls that wait or run, from their admission to their answer: what an operator sees, and the one place from which
// they are ended. Used by the dispatcher only.

import type { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Permission } from '#domain/approval-ports.ts';
import type { Allow, Ask } from '#domain/decision.ts';
import type { CallView, LaneName } from '#domain/invocation.ts';
import type { Taken } from '#domain/usage.ts';
import type { Admitted } from './admitted.ts';
import type { Lane } from './lane.ts';

/** A call under way. Aborting the controller with an SmcpError ends it with that error as its answer. */
export type BookEntry = {
  readonly admitted: Admitted;
  /** That of its admission, or the last one while it was waiting to be approved; it is decided again when its turn comes. */
  decision: Allow | Ask;
  readonly lane: LaneName;
  readonly controller: AbortController;
  /** The call whose tool made it; absent: it came in by a door. */
  readonly parent?: BookEntry;
  state: CallView['state'];
  /** Has a call that waits to be approved look whether it still has to. */
  look?: () => void;
  /** By which it runs; there once its turn has come. */
  permission?: Permission;
  startedMs?: number;
  /** What it takes from the counters of its limits; there once its turn has come. */
  taken?: Taken;
  /** When its time is over, by the monotonic clock; there once its tool has begun. */
  endsMs?: number;
  /** Orders the calls that its tool makes, which run in its place; there from the first of them on. */
  children?: Lane;
};

export type CallBook = {
  /** Enters a call; it leaves when the function returned is called. */
  readonly enter: (entry: BookEntry) => () => void;
  /** It runs from now on, until it leaves. */
  readonly begin: (entry: BookEntry, nowMs: number) => void;
  /** How many run. */
  readonly running: () => number;
  /** In the order they came. */
  readonly entries: () => readonly BookEntry[];
  readonly find: (invocation: string) => BookEntry | undefined;
  readonly views: () => readonly CallView[];
  /** Waits until these have left, for at most `LIMITS.stopWaitMsMax`; those that have not. */
  readonly untilLeft: (entries: readonly BookEntry[]) => Promise<readonly BookEntry[]>;
};

export function createCallBook(): CallBook {
  // A Map keeps the order of insertion.
  const byInvocation = new Map<string, BookEntry>();
  const departures = new Map<BookEntry, PromiseWithResolvers<void>>();
  let runningCount = 0;
  return {
    begin: (entry, nowMs) => {
      entry.state = 'running';
      entry.startedMs = nowMs;
      runningCount += 1;
    },
    running: () => runningCount,
    enter: (entry) => {
      const { invocation } = entry.admitted;
      byInvocation.set(invocation, entry);
      return () => {
        byInvocation.delete(invocation);
        if (entry.state === 'running') runningCount -= 1;
        departures.get(entry)?.resolve();
        departures.delete(entry);
      };
    },
    untilLeft: async (entries) => {
      const awaited = entries.map((entry) => {
        const departure = departures.get(entry) ?? Promise.withResolvers<void>();
        departures.set(entry, departure);
        return departure.promise;
      });
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, LIMITS.stopWaitMsMax);
      await Promise.race([Promise.all(awaited), late]);
      clearTimeout(timer);
      return entries.filter((entry) => departures.has(entry));
    },
    entries: () => [...byInvocation.values()],
    find: (invocation) => byInvocation.get(invocation),
    views: () => [...byInvocation.values()].map(viewOf),
  };
}

export function viewOf({ admitted, lane, state, startedMs }: BookEntry): CallView {
  const { invocation, request, tool, receivedMs } = admitted;
  return {
    invocation,
    agent: request.agent,
    tool: tool.name,
    door: request.door,
    lane,
    state,
    receivedMs,
    ...(startedMs === undefined ? {} : { startedMs }),
  };
}

/** Ends a call with this answer, whether it waits or runs. The first reason counts. */
export function endCall({ controller }: BookEntry, reason: SmcpError): void {
  if (!controller.signal.aborted) controller.abort(reason);
}
