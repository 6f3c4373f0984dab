// Approvals of calls, joined with the ways in which people are told of them and decide about them.

import { type ApprovalService, createApprovals } from '#approvals/approvals.ts';
import { systemClock } from '#base/clock.ts';
import type { NoticeDesk, NoticeTeller } from '#domain/notify-ports.ts';
import type { People } from '#domain/person.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { OwnSecretReader } from '#domain/secret-ports.ts';
import type { Store } from '#domain/store-ports.ts';
import type { PeopleDesk } from '#people/people.ts';
import type { AppOptions } from './app-options.ts';
import { tellOfApprovals } from './notices/approvals.ts';
import { hearTelegram } from './notices/telegram.ts';

export type ApprovalJoints = {
  readonly store: Pick<Store, 'approvals' | 'meta'>;
  readonly log: RecordLog;
  readonly notices: NoticeTeller & NoticeDesk;
  readonly secrets: OwnSecretReader;
  /** Of the policy in force. */
  readonly people: () => People;
  /** Who of them may do what now, and where they do it. */
  readonly desk: Pick<PeopleDesk, 'roleOf' | 'consoleOrigin'>;
};

export type JoinedApprovals = {
  readonly approvals: ApprovalService;
  /** With what is known of buttons besides. */
  readonly notices: NoticeDesk;
};

export function openApprovals(
  { logger, config, version }: Pick<AppOptions, 'logger' | 'config' | 'version'>,
  { store, log, notices, people, desk, secrets: { readOwn } }: ApprovalJoints,
  stack: AsyncDisposableStack,
): JoinedApprovals {
  const clock = systemClock;
  const ports = { store: store.approvals, log, clock, logger, roleOf: desk.roleOf, consoleOrigin: desk.consoleOrigin };
  const approvals = stack.adopt(createApprovals(ports), (opened) => opened.close());
  tellOfApprovals(approvals, notices, config.console.origin);
  const unheard = hearTelegram(
    config.notify.telegram,
    { readOwn, approvals, policyPeople: people, meta: store.meta, clock, logger, version },
    stack,
  );
  const targets: NoticeDesk['targets'] = () =>
    notices.targets().map((target) => {
      const problem = unheard().get(target.name.replace(/\/\d+$/, ''));
      return problem === undefined ? target : { ...target, problem };
    });
  return { approvals, notices: { ...notices, targets } };
}
