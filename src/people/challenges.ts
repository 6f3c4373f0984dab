// Challenges that wait to be signed: random, for one purpose, good once and for a while. In memory: a restart forgets them.
// **Trust:** anybody may ask for one; each address has a bounded number.

import { randomBytes } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { createBoundedMap } from './bounded-map.ts';

export type Challenges = {
  /** A new one for this purpose, base64url of 32 bytes. `address`: who asks. */
  readonly make: (purpose: string, address: string) => string;
  /** Uses it up. False: it is for another purpose, was used, has expired or never was. */
  readonly take: (challenge: string, purpose: string) => boolean;
};

const CHALLENGE_BYTES = 32;

export function createChallenges(clock: Clock): Challenges {
  const waiting = createBoundedMap<{ readonly purpose: string; readonly untilMs: number }>({
    countMax: LIMITS.challengesMax,
    perOwnerMax: LIMITS.challengesPerAddressMax,
  });
  return {
    make: (purpose, address) => {
      const challenge = randomBytes(CHALLENGE_BYTES).toString('base64url');
      waiting.put(challenge, address, { purpose, untilMs: clock.monotonicMs() + LIMITS.challengeMs });
      return challenge;
    },
    take: (challenge, purpose) => {
      const found = waiting.take(challenge);
      return found !== undefined && found.purpose === purpose && clock.monotonicMs() < found.untilMs;
    },
  };
}
