// Whether a warden's first thread still listens. It may run a guest's code itself, within a time that the guest's errors
// can get past: then it says nothing any more, and what its processor time does tells what holds it. Used by warden.ts.

import type { Clock } from '#base/clock.ts';
import type { ErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { firstThread } from './process-figures.ts';

export type WardenPulse = {
  /** A word that was asked for has come. False when none was. */
  readonly hear: () => boolean;
  /** Whether a word that was asked for is still to come. */
  readonly isAwaited: () => boolean;
  /**
   * Asks, or looks at the one that was asked. Call it every few ms while calls run.
   *
   * @param cpuMsMax the largest processor time that any of the calls may use
   * @returns for what it is to be ended, if it is
   */
  readonly check: (cpuMsMax: number) => ErrorCode | undefined;
};

type Asked = { readonly cpuMs: number; asleepSinceMs: number | undefined };

/** `ask` sends the ping. */
export function createWardenPulse(options: {
  readonly clock: Clock;
  readonly pid: number;
  readonly ask: () => void;
}): WardenPulse {
  const { clock, pid, ask } = options;
  let heardMs = clock.monotonicMs();
  let asked: Asked | undefined;

  return {
    hear: () => {
      if (asked === undefined) return false;
      asked = undefined;
      heardMs = clock.monotonicMs();
      return true;
    },
    isAwaited: () => asked !== undefined,
    check: (cpuMsMax) => {
      const nowMs = clock.monotonicMs();
      if (asked === undefined) {
        if (nowMs - heardMs < LIMITS.wardenPingMs) return undefined;
        const thread = firstThread(pid);
        if (thread === undefined) return undefined;
        asked = { cpuMs: thread.cpuMs, asleepSinceMs: undefined };
        ask();
        return undefined;
      }
      const thread = firstThread(pid);
      if (thread === undefined) return undefined;
      // Nobody's single call may use more, and what keeps the thread is a single call.
      if (thread.cpuMs - asked.cpuMs > Math.max(cpuMsMax, LIMITS.wardenPingMs)) return 'CPU_EXCEEDED';
      // On a busy machine a thread waits for a processor, and is not asleep. isolated-vm puts one to sleep for good when memory
      // ran out in a way that it can't undo.
      asked.asleepSinceMs = thread.isAsleep ? (asked.asleepSinceMs ?? nowMs) : undefined;
      const isMute = asked.asleepSinceMs !== undefined && nowMs - asked.asleepSinceMs > LIMITS.wardenMuteMs;
      return isMute ? 'MEMORY_EXCEEDED' : undefined;
    },
  };
}
