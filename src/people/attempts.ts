// Failed attempts, counted by address in windows: whoever has too many waits for the next one. In memory, bounded.
// **Trust:** behind a proxy that the configuration does not name all addresses are one, so that a flood there makes everybody wait.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { createBoundedMap } from './bounded-map.ts';
import { tooManyAttempts } from './refusals.ts';

export type Attempts = {
  /** Runs it, and counts that it failed. @throws `TOO_MANY_ATTEMPTS` · what it throws */
  readonly attempt: <Result>(address: string, run: () => Promise<Result> | Result) => Promise<Result>;
};

export function createAttempts(clock: Clock): Attempts {
  const counted = createBoundedMap<{ readonly window: number; readonly failures: number }>({
    countMax: LIMITS.consoleAddressesMax,
    perOwnerMax: 1,
  });
  return {
    attempt: async (address, run) => {
      const nowMs = clock.monotonicMs();
      const window = Math.floor(nowMs / LIMITS.consoleFailuresMs);
      const failures = () => {
        const found = counted.get(address);
        return found?.window === window ? found.failures : 0;
      };
      if (failures() >= LIMITS.consoleFailuresMax) {
        throw tooManyAttempts(Math.ceil((window + 1) * LIMITS.consoleFailuresMs - nowMs));
      }
      try {
        return await run();
      } catch (thrown) {
        counted.put(address, address, { window, failures: failures() + 1 });
        throw thrown;
      }
    },
  };
}
