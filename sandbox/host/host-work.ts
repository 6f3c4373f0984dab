// The processor time that the host's thread takes for the host calls of one run: it counts as the run's own, and no host call is begun once
// it is more than the run may use. Called by running-call.ts, and by the broker through the handler of host calls.
//
// Counted is what is done at one go: parsing, checking, reading the store, digests, masking, making JSON. Not counted is what the system
// does beside (disk, DNS, TLS): bytes and requests have bounds of their own.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { CountWork } from '#domain/sandbox-ports.ts';

export type HostWork = {
  readonly count: CountWork;
  /** One more host call came: what is done around it counts as `LIMITS.hostCallWorkUs`. */
  readonly came: () => void;
  /** An answer of this length leaves: what that takes counts by `LIMITS.hostAnswerByteNs`. */
  readonly sends: (length: number) => void;
  /** What was counted since this was asked last, in µs. */
  readonly take: () => number;
  readonly isOver: () => boolean;
};

/** How a call ends whose host calls did. */
export const OVERWORKED = {
  code: 'CPU_EXCEEDED',
  message: 'its host calls used more processor time than its limit',
} as const;

const US_PER_MS = 1000;
const NS_PER_US = 1000;

/**
 * @param cpuMsMax of the run; the guest's own processor time comes on top, where the host can't see it yet
 * @param onOver called once, in the middle of the work
 */
export function createHostWork({ threadUs }: Clock, cpuMsMax: number, onOver: () => void): HostWork {
  let allUs = 0;
  let takenUs = 0;
  let isCounting = false;
  let isOver = false;
  const add = (us: number): void => {
    allUs += us;
    if (isOver || allUs <= cpuMsMax * US_PER_MS) return;
    isOver = true;
    onOver();
  };
  return {
    count: (act) => {
      // Without such a clock nothing is counted; what is counted already is not counted twice.
      if (threadUs === undefined || isCounting) return act();
      const startUs = threadUs();
      isCounting = true;
      try {
        return act();
      } finally {
        isCounting = false;
        add(threadUs() - startUs);
      }
    },
    came: () => {
      if (threadUs !== undefined) add(LIMITS.hostCallWorkUs);
    },
    sends: (length) => {
      if (threadUs !== undefined) add((length * LIMITS.hostAnswerByteNs) / NS_PER_US);
    },
    take: () => {
      const us = Math.round(allUs) - takenUs;
      takenUs += us;
      return us;
    },
    isOver: () => isOver,
  };
}
