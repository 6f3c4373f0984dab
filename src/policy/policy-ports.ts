// What the policy's service needs from outside, and its options. Types only.

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import type { OffThread } from '#base/off-thread.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { CounterStore, PolicyStore } from '#domain/store-ports.ts';
import type { AdvisedTool } from './advice.ts';

export type PolicyPorts = {
  readonly store: PolicyStore;
  readonly recordLog: RecordLog;
  /** Of limits. What is put is on disk with the next record. */
  readonly counters: CounterStore;
  /** What is served now: for warnings. */
  readonly catalog: () => readonly AdvisedTool[];
  /** Where texts are checked and compared, see `createPolicyThread`. The service does not close it. */
  readonly thread: Pick<OffThread, 'run'>;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type PolicyOptions = {
  /** Absolute path. */
  readonly file: string;
  /** Asked whenever it counts. `auto`: an edit of the file is applied once it is whole · `manual`: it waits until somebody applies it. */
  readonly apply: () => 'auto' | 'manual';
};
