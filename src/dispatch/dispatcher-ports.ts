// What the dispatcher needs of the other features.

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import type { Broker, PluginCatalog, PluginRuntime, PolicyDecider, RecordLog } from '#domain/ports.ts';

export type DispatcherPorts = {
  readonly catalog: PluginCatalog;
  readonly policy: PolicyDecider;
  readonly runtime: PluginRuntime;
  readonly broker: Broker;
  readonly log: RecordLog;
  readonly clock: Clock;
  readonly logger: Logger;
};
