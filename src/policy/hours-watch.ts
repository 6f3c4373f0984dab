// Tells when the hours of some rule have opened or closed. It looks at each whole minute: hours begin and end, and zones change, at
// nothing else. Called by in-force.ts.

import type { Clock } from '#base/clock.ts';
import { createEachMinute } from '#base/each-minute.ts';
import type { SetBack } from '#base/set-back.ts';
import type { Hours } from './hours.ts';

export type HoursWatch = {
  /** Watches these in place of those before; what they are now is not told. */
  readonly watch: (hours: readonly Hours[]) => void;
  readonly close: () => void;
};

/** Calls `onChange` once for all that opened or closed since it last looked, also where the clock was set. Holds no process open. */
export function createHoursWatch(
  { clock, setBack }: { readonly clock: Clock; readonly setBack: SetBack },
  onChange: () => void,
): HoursWatch {
  let watched: readonly Hours[] = [];
  let seen = '';

  /** As decisions see them: by the clock, and by the time that it would be had it not been set back. */
  const look = () => {
    const nowMs = clock.nowMs();
    const behindMs = setBack.behindMs();
    return watched
      .map(({ at }) => `${at(nowMs)[0] ?? ''}${behindMs === 0 ? '' : (at(nowMs + behindMs)[0] ?? '')}`)
      .join('');
  };
  const minutes = createEachMinute(clock, () => {
    const now = look();
    const isTold = now !== seen;
    seen = now;
    if (isTold) onChange();
  });
  return {
    watch: (hours) => {
      watched = hours;
      seen = look();
      if (hours.length > 0) minutes.start();
      else minutes.stop();
    },
    close: minutes.stop,
  };
}
