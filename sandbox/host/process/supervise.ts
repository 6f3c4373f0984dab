// One run under its bounds: deadline, cancellation, memory, processor time, disk and what it prints. Whatever stops it stops
// the whole tree, and the answer comes when the tree is gone. Trusts nothing that the program says about itself.

import type { ErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { RunLimits } from '#domain/manifest.ts';
import type { ProgramRun, RunEnd } from './program-run.ts';
import type { Watch } from './watch.ts';

/** Why a run was stopped. */
export type Stop = { readonly code: ErrorCode; readonly message: string };

export type Supervised = {
  readonly end: RunEnd;
  /** Absent when it ended by itself. */
  readonly stopped?: Stop;
};

export type Supervision = {
  readonly limits: RunLimits;
  readonly memoryBytesMax: number;
  readonly workFolder: string;
  readonly signal: AbortSignal;
  /** What was left of the deadline when it began. */
  readonly msLeft: number;
};

const KILLED: RunEnd = { exitCode: null, signal: 'SIGKILL', cpuMs: 0, rssBytesPeak: 0 };

const SHORT_OF_MEMORY: Stop = { code: 'MEMORY_EXCEEDED', message: 'used more memory than it may' };

/** What stops a run besides its bounds; the first reason counts. */
export type Stopper = {
  readonly stop: (why: Stop) => void;
  /** Given the run, once; called at once when it was stopped before. */
  readonly onStop: (act: () => void) => void;
  readonly reason: () => Stop | undefined;
};

export function createStopper(): Stopper {
  let reason: Stop | undefined;
  let stopIt: (() => void) | undefined;
  return {
    stop: (why) => {
      if (reason !== undefined) return;
      reason = why;
      stopIt?.();
    },
    onStop: (act) => {
      stopIt = act;
      if (reason !== undefined) act();
    },
    reason: () => reason,
  };
}

/**
 * Watches a run to its end, which comes within `programEndMsMax` once it was stopped.
 *
 * @throws as `ProgramRun.ended` does
 */
export async function supervise(
  { watch, logger }: { readonly watch: Watch; readonly logger: Logger },
  run: ProgramRun,
  supervision: Supervision,
  stopper: Stopper,
): Promise<Supervised> {
  const { limits, memoryBytesMax, workFolder, signal, msLeft } = supervision;
  const { promise: late, resolve: tellLate } = Promise.withResolvers<RunEnd>();
  let timer: NodeJS.Timeout | undefined;
  stopper.onStop(() => {
    run.kill();
    timer = setTimeout(() => {
      // A process in the kernel's hands. Its place and its user stay taken until it is gone.
      logger.error('a program does not end', { root: run.root });
      tellLate(KILLED);
    }, LIMITS.programEndMsMax);
  });
  const stop = (code: ErrorCode, message: string) => stopper.stop({ code, message });
  const deadline = setTimeout(() => stop('TIMEOUT', 'ran past its deadline'), Math.max(msLeft, 0));
  const onAbort = () => stop('CANCELLED', 'was cancelled');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const { root, cpuMsBefore } = run;
  using _watched = watch.begin({
    ...{ root, cpuMsBefore, cpuMsMax: limits.cpuMs, memoryBytesMax, workFolder },
    onExceeded: stop,
  });
  try {
    const end = await Promise.race([run.ended, late]);
    const stopped = stopper.reason() ?? (end.isShortOfMemory === true ? SHORT_OF_MEMORY : undefined);
    return { end, ...(stopped === undefined ? {} : { stopped }) };
  } catch (thrown) {
    const stopped = stopper.reason();
    // Stopped on its way to its program, it could not be confined any more.
    if (stopped === undefined) throw thrown;
    return { end: KILLED, stopped };
  } finally {
    clearTimeout(deadline);
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
