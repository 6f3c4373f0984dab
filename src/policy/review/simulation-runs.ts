// Simulations that are under way in the thread of policies: each goes on from page to page. The host says when one begins and is asked
// no more once it has ended; one that was left is forgotten for a new one. Called by review-work.ts.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { SimulationRun } from './simulate.ts';

export type SimulationRuns = {
  readonly begin: (name: string, run: SimulationRun) => SimulationRun;
  /** @throws `POLICY_UNCHECKED` where it is not known any more: the thread was ended in between. */
  readonly goesOn: (name: string) => SimulationRun;
  readonly end: (name: string) => void;
};

/** At most `LIMITS.policyReviewsMax`: so many are under way at a time. */
export function createSimulationRuns(): SimulationRuns {
  const runs = new Map<string, SimulationRun>();
  return {
    begin: (name, run) => {
      const [oldest] = runs.keys();
      if (runs.size >= LIMITS.policyReviewsMax && oldest !== undefined) runs.delete(oldest);
      runs.set(name, run);
      return run;
    },
    goesOn: (name) => {
      const run = runs.get(name);
      if (run === undefined) {
        throw new SmcpError('POLICY_UNCHECKED', 'the simulation was interrupted: the thread that it ran in was ended', {
          details: { remedy: 'try again', findings: [] },
        });
      }
      // The one that was asked for the longest ago is the first.
      runs.delete(name);
      runs.set(name, run);
      return run;
    },
    end: (name) => void runs.delete(name),
  };
}
