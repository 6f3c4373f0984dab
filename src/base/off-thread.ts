// Work that must not hold up the host's one thread: one piece at a time, in a thread of its own that is started when there is
// work and ended when there has been none for a while. The only importer of `piscina`. Trusts the entry, which is ours, and
// nothing of what it works on: time, memory and the queue are bounded.

import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { SmcpError } from './errors.ts';
import type { OffThreadAnswer } from './off-thread-work.ts';

export type OffThreadOptions = {
  /** A plain `.js` file that exports `work`: a function of one task, or the promise of one, made with `answering`. */
  readonly entry: URL;
  /** What one piece of work may take, from when the thread takes it up; the thread's own start is a part of the first. */
  readonly runMsMax: number;
  /** Heap of the thread, in MiB. */
  readonly heapMiBMax: number;
  /** Pieces that wait, beside those that are urgent. */
  readonly waitingMax: number;
  /** The thread is ended when it has had no work for this long. */
  readonly idleMs: number;
};

/**
 * What came of a piece of work. `failed`: it took too long, or too much memory, or its thread did not start or ended for another
 * reason; `cause` is for our own eyes. The next piece gets a new thread then.
 */
export type OffThreadOutcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly why: 'time' | 'memory' | 'thread'; readonly cause: unknown };

export type OffThread = {
  /**
   * Does the work after the pieces before it; `isUrgent`: before all that wait and are not. The task is copied to the thread.
   *
   * @throws what the work throws, when it is an SmcpError · `QUEUE_FULL` when too many wait, never for urgent ones ·
   * `SHUTTING_DOWN` after `close`, or when it comes before the work is done.
   */
  readonly run: <T>(task: unknown, options?: { readonly isUrgent?: boolean }) => Promise<OffThreadOutcome<T>>;
  /** Ends the thread, whatever it does, and resolves when it is gone. What waits or runs is rejected. */
  readonly close: () => Promise<void>;
};

type Piece = { readonly start: () => Promise<void>; readonly refuse: (error: SmcpError) => void };

/** Young objects of the thread, in MiB, beside its heap. */
const YOUNG_MIB = 32;

export function createOffThread(options: OffThreadOptions): OffThread {
  const pool = createPool(options);
  const urgent: Piece[] = [];
  const others: Piece[] = [];
  let isRunning = false;
  let closing: Promise<void> | undefined;

  const next = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    for (;;) {
      const piece = urgent.shift() ?? others.shift();
      if (piece === undefined) break;
      await piece.start();
    }
    isRunning = false;
  };
  const run = <T>(task: unknown, { isUrgent = false } = {}): Promise<OffThreadOutcome<T>> => {
    if (closing !== undefined) return Promise.reject(stopping());
    if (!isUrgent && others.length >= options.waitingMax) return Promise.reject(queueFull());
    const { promise, resolve, reject } = Promise.withResolvers<OffThreadOutcome<T>>();
    const start = async () => {
      await runIn<T>(pool, task, options.runMsMax).then(resolve, reject);
    };
    const refuse = (error: SmcpError) => reject(error);
    (isUrgent ? urgent : others).push({
      start: () => (closing === undefined ? start() : Promise.resolve(refuse(stopping()))),
      refuse,
    });
    void next();
    return promise.then((outcome) => {
      // The thread was ended from here: that says nothing of the work.
      if (closing !== undefined && outcome.kind === 'failed') throw stopping();
      return outcome;
    });
  };
  const close = (): Promise<void> => {
    closing ??= (async () => {
      for (const piece of [...urgent.splice(0), ...others.splice(0)]) piece.refuse(stopping());
      await pool.destroy();
    })();
    return closing;
  };
  return { run, close };
}

function createPool({ entry, idleMs, heapMiBMax }: OffThreadOptions): Piscina {
  const pool = new Piscina({
    filename: fileURLToPath(entry),
    name: 'work',
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: idleMs,
    // Nothing of the process's own: no secret in its environment, no file that a flag of it loads.
    env: {},
    argv: [],
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: heapMiBMax, maxYoungGenerationSizeMb: YOUNG_MIB },
    atomics: 'disabled',
    recordTiming: false,
  });
  // A thread that fails while it has no work is one that is started again; without a listener it would end the process.
  pool.on('error', () => undefined);
  return pool;
}

/** Ends the thread when the time is over. */
async function runIn<T>(pool: Piscina, task: unknown, runMsMax: number): Promise<OffThreadOutcome<T>> {
  const ending = new AbortController();
  const isLate = { value: false };
  // Holds the process open while there is work, which the pool does not before its thread is up.
  const timer = setTimeout(() => {
    isLate.value = true;
    ending.abort();
  }, runMsMax);
  // A thread that does not come up is told here, and its work would wait for ever.
  const failure: { cause?: unknown } = {};
  const fail = (cause: unknown) => {
    failure.cause = cause;
    ending.abort();
  };
  pool.on('error', fail);
  try {
    const answer = (await pool.run(task, { signal: ending.signal })) as OffThreadAnswer<T>;
    if (answer.kind === 'done') return answer;
    throw new SmcpError(answer.error.code, answer.error.message, { details: answer.error.details ?? {} });
  } catch (thrown) {
    if (thrown instanceof SmcpError) throw thrown;
    // Whatever is left of the thread is gone before the next piece of work.
    await pool.destroy();
    const cause = failure.cause ?? thrown;
    return { kind: 'failed', why: isLate.value ? 'time' : isTooMuch(cause) ? 'memory' : 'thread', cause };
  } finally {
    clearTimeout(timer);
    pool.off('error', fail);
  }
}

/** Heap or stack. */
const isTooMuch = (cause: unknown): boolean =>
  cause instanceof Error &&
  (cause.name === 'RangeError' || ('code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY'));

const stopping = () =>
  new SmcpError('SHUTTING_DOWN', 'the server is stopping', { details: { remedy: 'try again when it is back' } });

const queueFull = () =>
  new SmcpError('QUEUE_FULL', 'too much of this kind of work is waiting', {
    details: { remedy: 'try again in a moment' },
  });
