// What the thread of off-thread.test.ts does: as it is told.

import { threadId } from 'node:worker_threads';
import { SmcpError } from '#base/errors.ts';
import { answering } from '#base/off-thread-work.ts';

const deeds = {
  double: ({ number }) => number * 2,
  refuse: () => {
    throw new SmcpError('POLICY_INVALID', 'no', { details: { remedy: 'mend it' } });
  },
  break: () => {
    throw new TypeError('a bug');
  },
  exit: () => process.exit(1),
  recurse: () => deeds.recurse() + 1,
  fill: () => {
    const held = [];
    for (;;) held.push({ held: [...held.slice(-100)] });
  },
  /** Counts for ever. */
  count: ({ shared }) => {
    for (;;) Atomics.add(shared, 0, 1);
  },
  /** Ends once the host has written a number. */
  wait: ({ shared, name }) => {
    Atomics.add(shared, 1, 1);
    while (Atomics.load(shared, 0) === 0) Atomics.wait(shared, 0, 0);
    return name;
  },
  world: () => ({ threadId, env: { ...process.env }, execArgv: process.execArgv }),
  say: () => {
    console.log('from console.log');
    process.stdout.write('from stdout\n');
    console.error('from stderr');
    return 'said';
  },
};

const deed = (task) => deeds[task.deed](task);

export const work = answering(deed);
