// Group commit: records that are appended while a commit is under way, or in turns of the event loop that follow each other,
// share the next commit and its fsync. A commit costs about as much as three records, so where records come thick and fast
// one waits a little for those that are about to come; where a single call runs there is nothing to wait for, and nobody who
// would be held up by the wait for the disk. Order of commit = order of `add`.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { Receipt } from '#domain/invocation.ts';
import type { Appender } from './appender.ts';
import type { PreparedRecord } from './prepare-record.ts';

export type CommitQueue = {
  /**
   * Takes the record, or throws at once: then it is as if it had not been called. What it answers resolves once the record is
   * durable.
   *
   * @param options.isOwed the record closes an intent of this log, or announces a call of the server's own tools: it is taken
   * however many wait, since there are at most as many as there are calls under way.
   * @throws `LOG_UNAVAILABLE` when too many wait, when a commit failed (from then on always), or after `close`.
   */
  readonly add: (record: PreparedRecord, options: { readonly isOwed: boolean }) => Promise<Receipt>;
  /** Takes no more and waits until everything that was added is committed or failed. */
  readonly close: () => Promise<void>;
};

type Waiting = {
  readonly record: PreparedRecord;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: SmcpError) => void;
};

export type CommitQueuePorts = {
  readonly appender: Appender;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How many calls run, each of which brings a record; those whose record waits here are among them. */
  readonly expected: () => number;
  /** Called after each commit, before the appends that wait for it resolve. */
  readonly onCommit: (records: readonly PreparedRecord[], receipts: readonly Receipt[]) => void;
};

export function createCommitQueue({ appender, clock, logger, expected, onCommit }: CommitQueuePorts): CommitQueue {
  const waiting: Waiting[] = [];
  /** Of all that was taken and is not settled yet. */
  let bytesHeld = 0;
  let stopped: SmcpError | undefined;
  let pumping: Promise<void> | undefined;
  const pace = createCommitPace(clock);
  /** Ends a wait for more records. */
  let onEnough: (() => void) | undefined;

  async function pump(): Promise<void> {
    await gather();
    while (waiting.length > 0) {
      await commitNext();
      await gather();
    }
    pumping = undefined;
  }

  /** Waits as long as each turn brings more: what is on its way to us anyway needn't have a commit of its own. */
  async function gather(): Promise<void> {
    if (isAlone()) return;
    let before = -1;
    for (let turn = 0; turn < LIMITS.commitTurnsMax && waiting.length > before; turn += 1) {
      before = waiting.length;
      await nextTurn();
    }
    if (waiting.length > 0 && pace.isFast() && wanted() > waiting.length) await enough();
  }

  /** The one call that runs waits for the one record that is here: nobody else is held up, and no other record is on its way. */
  const isAlone = () => expected() === 1 && waiting.length === 1;
  const wanted = () => Math.min(LIMITS.commitGroupWanted, expected());

  function enough(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LIMITS.commitWaitMs);
      onEnough = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function commitNext(): Promise<void> {
    const waitsHere = isAlone() && pace.isDiskQuick();
    const group = waiting.splice(0, LIMITS.commitRecordsMax);
    const records = group.map(({ record }) => record);
    const startedMs = clock.monotonicMs();
    try {
      const receipts = await appender.commit(records, { waitsHere });
      pace.committed(clock.monotonicMs() - startedMs);
      onCommit(records, receipts);
      for (const [offset, receipt] of receipts.entries()) group[offset]?.resolve(receipt);
    } catch (cause) {
      logger.error('the log could not be written; it takes no more records until a restart', {
        error: describe(cause),
      });
      stopped = unavailable(
        'the record could not be written',
        'free space on the disk, then restart the server',
        cause,
      );
      for (const { reject } of [...group, ...waiting.splice(0)]) reject(stopped);
    } finally {
      for (const record of records) bytesHeld -= bytesOf(record);
    }
  }

  return {
    add: (record, { isOwed }) => {
      if (stopped !== undefined) throw stopped;
      const bytes = bytesOf(record);
      const isFull = waiting.length >= LIMITS.appendsWaitingMax || bytesHeld + bytes > LIMITS.appendsWaitingBytesMax;
      if (isFull && !isOwed) throw unavailable('too many records wait to be written', 'try again');
      const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
      waiting.push({ record, resolve, reject });
      bytesHeld += bytes;
      pace.note();
      if (waiting.length >= wanted()) onEnough?.();
      pumping ??= pump();
      return promise;
    },
    close: async () => {
      stopped ??= unavailable('the log is closed', 'try again when the server is back');
      onEnough?.();
      await pumping;
    },
  };
}

/** About: characters of a disclosure document may take more than a byte. */
function bytesOf({ payload, disclosed }: PreparedRecord): number {
  const { args = '', result = '', transcript = '', statement = '' } = disclosed;
  return payload.length + args.length + result.length + transcript.length + statement.length;
}

/** What the last one counts for in a mean, and the longest that it may count as. */
const PACE_SHARE = 1 / 8;
const PACE_MS_MAX = 100;

/** How fast records come and how long they take: means in which the last ones count most. */
function createCommitPace({ monotonicMs }: Clock) {
  let lastMs = monotonicMs();
  let gapMs = PACE_MS_MAX;
  let commitMs = 0;
  const mean = (before: number, last: number) => before + (Math.min(last, PACE_MS_MAX) - before) * PACE_SHARE;
  return {
    note: () => {
      const nowMs = monotonicMs();
      gapMs = mean(gapMs, nowMs - lastMs);
      lastMs = nowMs;
    },
    committed: (ms: number) => {
      commitMs = mean(commitMs, ms);
    },
    /** The host's thread may wait for it. */
    isDiskQuick: () => commitMs < LIMITS.commitHereMsMax,
    /** Within the time that a commit takes, at least one more is to be expected. */
    isFast: () => gapMs < commitMs,
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function unavailable(message: string, remedy: string, cause?: unknown): SmcpError {
  return new SmcpError('LOG_UNAVAILABLE', message, { cause, details: { remedy } });
}

/** For the server's own log only. */
function describe(thrown: unknown): string {
  const inner = thrown instanceof Error && thrown.cause !== undefined ? `: ${String(thrown.cause)}` : '';
  return `${String(thrown)}${inner}`;
}
