// The load process: takes jobs from the bench, one after the other, and reports. Its own process, so that it competes with
// both servers alike and its garbage is nobody else's.

import { drive } from './drive.ts';
import { hold } from './hold.ts';
import type { Job, Report } from './messages.ts';

const work = (job: Job) => (job.kind === 'load' ? drive(job.job) : hold(job.job));

process.on('message', (job: Job) => {
  const report = (message: Report) => void process.send?.(message);
  work(job).then(
    (result) => report({ kind: 'done', result }),
    (error: unknown) => report({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) }),
  );
});
