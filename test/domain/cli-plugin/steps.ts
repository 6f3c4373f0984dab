// How much work our code does, as the engine itself counts it: how often each function and block was run. Unlike time, it is
// the same on every machine, however busy.

import { Session } from 'node:inspector';

type Coverage = {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
};

export type StepCounter = Disposable & {
  /** Functions and blocks that ran while `run` did. What built-in functions do by themselves is not counted. */
  readonly stepsOf: (run: () => void) => number;
};

/**
 * Counts in files whose path holds `folder`. To be made before any function there was called: the engine counts blocks only of
 * what it compiles from then on.
 */
export function createStepCounter(folder: string): StepCounter {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  /** Since it was taken before. */
  const take = (): number => {
    let steps = 0;
    session.post('Profiler.takePreciseCoverage', (thrown, taken) => {
      if (thrown !== null) throw new Error(`no coverage: ${JSON.stringify(thrown)}`);
      for (const { url, functions } of (taken as Coverage).result) {
        if (!url.includes(folder)) continue;
        for (const { ranges } of functions) for (const { count } of ranges) steps += count;
      }
    });
    return steps;
  };
  return {
    stepsOf: (run) => {
      take();
      run();
      return take();
    },
    [Symbol.dispose]: () => session.disconnect(),
  };
}
