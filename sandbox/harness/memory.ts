// What a server keeps on disk, in memory, for one plugin under test: the log's records, values, calls under keys, and nobody
// frozen. Called by start-plugin.ts.

import { createApprovals } from '#approvals/approvals.ts';
import type { Givers } from '#approvals/givers.ts';
import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { silentLogger } from '#base/log.ts';
import type { ApprovalDesk } from '#domain/approval-ports.ts';
import type { LabelBook } from '#domain/label-ports.ts';
import type { AdminTools, FreezeDecider, RecordLog, RecordReader } from '#domain/ports.ts';
import type { InvocationPredicate } from '#domain/record.ts';
import type { KeyedCallStore, PluginStore } from '#domain/store-ports.ts';
import { createFreezes } from '#freeze/freezes.ts';
import { createLabelBook } from '#labels/label-book.ts';
import { createApprovalStore } from '#store/approval-store.ts';
import { createKeyedCallStore } from '#store/keyed-calls.ts';
import { createLabelStore } from '#store/label-rows.ts';
import { migrate } from '#store/migrations.ts';
import { createPluginValues } from '#store/plugin-values.ts';
import { openDatabase } from '#store/sqlite.ts';
import { createFreezeStore } from '#store/state-stores.ts';

export type Memory = {
  readonly log: RecordLog & Pick<RecordReader, 'findInvocation' | 'record'>;
  readonly keyedCalls: KeyedCallStore;
  readonly values: PluginStore;
  readonly labels: LabelBook;
  readonly freezes: FreezeDecider;
  /** Nobody is asked. */
  readonly approvals: ApprovalDesk;
  /** There are none. */
  readonly adminTools: AdminTools;
  /** The records of one invocation, in their order. */
  readonly recordsOf: (invocation: string) => readonly InvocationPredicate[];
};

/** Nobody is asked here, and nobody could approve. */
const NOBODY: Givers = { problem: () => 'nobody approves calls here' };

export function openMemory(clock: Clock, stack: AsyncDisposableStack): Memory {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  stack.defer(() => database.close());
  migrate(database, { readOnly: false });
  // In memory there is no disk to wait for.
  const unsynced = { ...database, transactionThenSync: async (work: () => void) => database.transaction(work) };
  const records: InvocationPredicate[] = [];
  const log: Memory['log'] = {
    append: async (draft) => {
      if (draft.kind === 'invocation') records.push(draft.predicate);
      return { index: records.length - 1, leaf: '' };
    },
    findInvocation: () => [],
    record: () => undefined,
  };
  const store = createApprovalStore(database);
  return {
    log,
    approvals: stack.adopt(createApprovals({ store, log, clock, logger: silentLogger, givers: NOBODY }), (opened) =>
      opened.close(),
    ),
    keyedCalls: createKeyedCallStore(unsynced),
    labels: createLabelBook(createLabelStore(unsynced)),
    values: createPluginValues(unsynced),
    freezes: createFreezes({ store: createFreezeStore(database), clock }),
    adminTools: {
      run: async () => ({ kind: 'error', error: new SmcpError('TOOL_UNKNOWN', 'there is no server').toWire() }),
    },
    recordsOf: (invocation) => records.filter((record) => record.invocation === invocation),
  };
}
