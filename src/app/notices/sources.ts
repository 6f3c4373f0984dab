// What happens in a server of which people are told, joined with the ways to them.

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import type { OffThread } from '#base/off-thread.ts';
import type { NoticeDesk, NoticeTeller } from '#domain/notify-ports.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import type { PluginAdmin, PluginCatalog, RecordReader, ToolCatalog } from '#domain/ports.ts';
import type { Layer } from '#domain/record.ts';
import type { PolicyStore, Store } from '#domain/store-ports.ts';
import { createPolicyJudge } from '#policy/policy-thread.ts';
import { tellOfWidenings } from './policies.ts';
import { watchForNotices } from './watch.ts';

export type EventPorts = {
  readonly notices: NoticeTeller & Pick<NoticeDesk, 'targets'>;
  readonly policy: Pick<PolicyDecider, 'current' | 'onChange'>;
  readonly store: Pick<Store, 'policies' | 'meta'>;
  readonly log: Pick<RecordReader, 'size' | 'prove'>;
  readonly catalog: PluginCatalog;
  readonly thread: Pick<OffThread, 'run'>;
  readonly layers: () => readonly Layer[];
  readonly clock: Clock;
  readonly logger: Logger;
};

export type EventOptions = {
  /** The version of the policy that was in force when the server stopped last. */
  readonly policyBefore: number | undefined;
  readonly tools: ToolCatalog['tools'];
};

/** Freezes, loops and approvals have their own joints; this is the rest. */
export function tellOfEvents(ports: EventPorts, options: EventOptions, stack: AsyncDisposableStack) {
  const { notices, policy, store, log, catalog, thread, layers, clock, logger } = ports;
  const { tell } = notices;
  const judge = createPolicyJudge({ thread, catalog: options.tools, clock });
  const isWanted = () => notices.targets().some(({ kinds }) => kinds.includes('widening'));
  void tellOfWidenings({ tell, policy, store, judge, isWanted, logger }, options.policyBefore);
  const watch = stack.adopt(
    watchForNotices({ tell, catalog, layers, log, meta: store.meta, clock, logger }),
    (opened) => opened.close(),
  );
  return {
    /** A reload may find a plugin that waits, of which nothing else tells. */
    lookingAfter: <Admin extends PluginAdmin>(admin: Admin): Admin => ({
      ...admin,
      reload: async () => {
        const reports = await admin.reload();
        watch.look();
        return reports;
      },
    }),
  };
}

/** The last version that was in force, as far as the log knows. */
export function lastRecorded(policies: Pick<PolicyStore, 'list'>): number | undefined {
  return policies.list().find(({ isRecorded }) => isRecorded)?.version;
}
