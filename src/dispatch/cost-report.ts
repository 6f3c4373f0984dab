// What a run tells of its cost: added up, held to what its manifest says it may cost at most. One per run, over all its attempts: what was
// spent twice costs twice. **Trust:** amounts are the tool's word; it can only make itself dearer, and no dearer than a person approved.

import type { RunOutcome } from '#domain/invocation.ts';
import type { PluginTool } from '#domain/manifest.ts';
import type { CostReport } from '#domain/sandbox-ports.ts';

export type RunCost = CostReport & {
  /** In millionths, for a run that ended so; undefined: as much as was taken when its turn came. */
  readonly of: (outcome: RunOutcome) => number | undefined;
};

export function createRunCost({ costMicros = 0, costMicrosMax }: PluginTool): RunCost {
  let told = 0;
  return {
    microsMax: costMicrosMax ?? 0,
    add: (micros) => {
      const most = costMicrosMax ?? 0;
      const isOver = told + micros > most;
      told = Math.min(told + micros, most);
      return !isOver;
    },
    of: (outcome) => {
      if (costMicrosMax === undefined) return undefined;
      // Of one whose end nobody saw, nobody knows what it had left to tell.
      const isSeen = outcome.kind === 'returned' || (outcome.kind === 'failed' && outcome.effect === 'known');
      return isSeen ? Math.max(costMicros, told) : undefined;
    },
  };
}
