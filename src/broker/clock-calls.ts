// The host calls of the capabilities `clock` and `random`. Called by the broker only.

import { LIMITS } from '#base/limits.ts';
import type { ClockEffect } from '#effects/clock.ts';
import { parseByteCount, type RandomEffect } from '#effects/random.ts';
import type { CallHandlers } from './call-handler.ts';
import { fieldsOf, invalid } from './params.ts';

export function createClockCalls(clock: ClockEffect): CallHandlers {
  return {
    now: (params) => {
      // An isolate sends null, a program of the protocol `json` an empty object.
      if (params !== null) fieldsOf('now', params, []);
      return { target: 'now', perform: clock.now };
    },
  };
}

export function createRandomCalls(random: RandomEffect): CallHandlers {
  return {
    random: (params) => {
      const count = parseByteCount(fieldsOf('random', params, ['bytes'])['bytes']);
      if (count === undefined) {
        throw invalid(
          `random: bytes is a whole number from 1 to ${LIMITS.randomBytesMax}`,
          'ask again for more than that',
        );
      }
      return { target: 'random', perform: () => Buffer.from(random.bytes(count)).toString('base64') };
    },
  };
}
