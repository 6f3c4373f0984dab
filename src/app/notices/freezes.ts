// Freezes of which people are told, when they are made and when they are lifted.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { describeScope, type Freeze, type FreezeScope } from '#domain/freeze.ts';
import type { NoticeBound, NoticeTeller } from '#domain/notify-ports.ts';
import type { Freezes } from '#domain/ports.ts';
import { freezeNotice, shown } from './texts.ts';

/** The same freezes. A freeze is in force before anybody is told, and is told also where it could not be kept. */
export function toldFreezes(freezes: Freezes, { tell, clock }: NoticeTeller & { readonly clock: Clock }): Freezes {
  const find = (scope: FreezeScope): Freeze | undefined =>
    freezes.list().find((freeze) => describeScope(freeze.scope) === describeScope(scope));
  return {
    ...freezes,
    freeze: (scope, by) => {
      const isNew = find(scope) === undefined;
      try {
        return freezes.freeze(scope, by);
      } finally {
        const made = find(scope);
        if (isNew && made !== undefined) {
          tell(freezeNotice(made, 'frozen', { by, nowMs: made.sinceMs }), boundOf(by));
        }
      }
    },
    unfreeze: (scope, by) => {
      const lifted = find(scope);
      const wasThere = freezes.unfreeze(scope, by);
      if (lifted !== undefined) tell(freezeNotice(lifted, 'lifted', { by, nowMs: clock.nowMs() }));
      return wasThere;
    },
  };
}

/** Agents may be granted freezing, of a name at a time. */
function boundOf(by: string): NoticeBound {
  return {
    key: `freeze ${by}`,
    countMax: LIMITS.notifyPerAgentMax,
    more: (count) => {
      const title = `SMCP: ${shown(by)} froze ${count} more`;
      const look = 'smcp status';
      return {
        ...{ kind: 'freeze', subject: `${count} more freezes of ${by}`, title, lines: [], look },
        body: { kind: 'freeze', event: 'more', by, count, title, lines: [], look },
      };
    },
  };
}
