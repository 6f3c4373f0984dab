// Starts the load process and gives it jobs. Used by every part that makes calls.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HoldJob, HoldResult, Job, LoadJob, LoadResult, Report } from './messages.ts';

export type LoadProcess = AsyncDisposable & {
  /** @throws for a wrong answer, and when the process ends. One job at a time. */
  readonly load: (job: LoadJob) => Promise<LoadResult>;
  readonly hold: (job: HoldJob) => Promise<HoldResult>;
};

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

export function startLoad(): LoadProcess {
  const child = fork(MAIN, [], { serialization: 'advanced' });
  const exited = once(child, 'exit');
  const run = async (job: Job): Promise<LoadResult | HoldResult> => {
    const answered = once(child, 'message') as Promise<[Report]>;
    child.send(job);
    const first = await Promise.race([answered, exited.then(() => undefined)]);
    if (first === undefined) throw new Error('the load process ended');
    const [report] = first;
    if (report.kind === 'failed') throw new Error(report.reason);
    return report.result;
  };
  return {
    load: async (job) => (await run({ kind: 'load', job })) as LoadResult,
    hold: async (job) => (await run({ kind: 'hold', job })) as HoldResult,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
