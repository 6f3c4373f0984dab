// What the dispatcher needs of the other features.

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import type { ApprovalDesk } from '#domain/approval-ports.ts';
import type { LabelBook } from '#domain/label-ports.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import type { AdminTools, FreezeDecider, RecordLog, RecordReader, ToolCatalog } from '#domain/ports.ts';
import type { Broker, PluginRuntime } from '#domain/sandbox-ports.ts';
import type { SecretGiver } from '#domain/secret-ports.ts';
import type { KeyedCallStore } from '#domain/store-ports.ts';

export type DispatcherPorts = {
  readonly catalog: ToolCatalog;
  readonly policy: PolicyDecider;
  readonly freezes: FreezeDecider;
  readonly runtime: PluginRuntime;
  readonly adminTools: AdminTools;
  readonly broker: Broker;
  /** Absent: a call that was given secrets can't be run. */
  readonly secrets?: SecretGiver;
  readonly log: RecordLog & Pick<RecordReader, 'findInvocation' | 'record'>;
  readonly keyedCalls: KeyedCallStore;
  readonly approvals: ApprovalDesk;
  readonly labels: LabelBook;
  readonly clock: Clock;
  readonly logger: Logger;
};
