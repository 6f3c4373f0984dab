// Approvals of calls, joined with the ways in which people are told of them and decide about them.

import { type ApprovalService, createApprovals } from '#approvals/approvals.ts';
import { createGivers, type GiverPorts } from '#approvals/givers.ts';
import { systemClock } from '#base/clock.ts';
import { invariant } from '#base/invariant.ts';
import type { NoticeDesk, NoticeTeller } from '#domain/notify-ports.ts';
import type { People } from '#domain/person.ts';
import type { RecordLog, ToolCatalog } from '#domain/ports.ts';
import type { OwnSecretReader } from '#domain/secret-ports.ts';
import type { Store } from '#domain/store-ports.ts';
import { APPROVE_TOOL } from '#domain/tool.ts';
import { accountProblem } from '#notify/telegram/decide.ts';
import type { PeopleDesk } from '#people/people.ts';
import type { AppOptions } from './app-options.ts';
import { tellOfApprovals } from './notices/approvals.ts';
import { hearTelegram } from './notices/telegram.ts';

export type ApprovalJoints = {
  readonly store: Pick<Store, 'approvals' | 'meta'>;
  readonly log: RecordLog;
  readonly notices: NoticeTeller & NoticeDesk;
  readonly secrets: OwnSecretReader;
  readonly policy: GiverPorts['policy'] & { readonly people: () => People };
  readonly freezes: GiverPorts['freezes'];
  readonly tools: ToolCatalog;
  readonly stillHolds: GiverPorts['stillHolds'];
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
  joints: ApprovalJoints,
  stack: AsyncDisposableStack,
): JoinedApprovals {
  const { store, log, notices, policy, desk, secrets } = joints;
  const clock = systemClock;
  const givers = openGivers(joints, config);
  const ports = { store: store.approvals, log, clock, logger, givers, consoleOrigin: desk.consoleOrigin };
  const approvals = stack.adopt(createApprovals(ports), (opened) => opened.close());
  tellOfApprovals(approvals, notices, config.console.origin);
  const unheard = hearTelegram(
    config.notify.telegram,
    { readOwn: secrets.readOwn, approvals, policyPeople: policy.people, meta: store.meta, clock, logger, version },
    stack,
  );
  const targets: NoticeDesk['targets'] = () =>
    notices.targets().map((target) => {
      const problem = unheard().get(target.name.replace(/\/\d+$/, ''));
      return problem === undefined ? target : { ...target, problem };
    });
  return { approvals, notices: { ...notices, targets } };
}

/** Who may approve is asked of the policy, the freezes, the tokens, the people and the accounts of Telegram, as they are at each look. */
function openGivers(
  { policy, freezes, tools, stillHolds, desk: { roleOf } }: ApprovalJoints,
  { notify }: AppOptions['config'],
): ReturnType<typeof createGivers> {
  const approveTool = tools.tool(APPROVE_TOOL);
  invariant(approveTool?.kind === 'admin', 'agents approve by a tool of the server');
  return createGivers({
    ...{ roleOf, policy, freezes, clock: systemClock, approveTool, stillHolds },
    channelProblem: (by) => accountProblem(by, notify.telegram, policy.people()),
  });
}
