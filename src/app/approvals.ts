// Approvals of calls, joined with the ways in which people are told of them.

import { type ApprovalService, createApprovals } from '#approvals/approvals.ts';
import { systemClock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import type { NoticeTeller } from '#domain/notify-ports.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { Store } from '#domain/store-ports.ts';
import type { PeopleDesk } from '#people/people.ts';
import { tellOfApprovals } from './notices/approvals.ts';

export type ApprovalJoints = {
  readonly store: Pick<Store, 'approvals'>;
  readonly log: RecordLog;
  readonly logger: Logger;
  readonly notices: NoticeTeller;
  readonly people: Pick<PeopleDesk, 'roleOf'>;
};

export function openApprovals(joints: ApprovalJoints, stack: AsyncDisposableStack): ApprovalService {
  const { store, log, logger, notices, people } = joints;
  const ports = { store: store.approvals, log, clock: systemClock, logger, roleOf: people.roleOf };
  const approvals = stack.adopt(createApprovals(ports), (opened) => opened.close());
  tellOfApprovals(approvals, notices);
  return approvals;
}
