// Approvals of calls, joined with the ways in which people are told of them.

import { resolve } from 'node:path';
import { type ApprovalService, createApprovals } from '#approvals/approvals.ts';
import { type Clock, rfc3339, systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { ApprovalRequest } from '#domain/approval-ports.ts';
import type { Notice, NoticeChannel } from '#domain/notify-ports.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { Store } from '#domain/store-ports.ts';
import { createWebhook } from '#notify/webhook.ts';
import { loadOrCreateWebhookKey } from '#notify/webhook-key.ts';
import { requestView } from '#operations/request-views.ts';
import type { AppOptions } from './app-options.ts';

/** @throws `HOME_UNSAFE` or `CONFIG_INVALID` for a webhook's key */
export function openApprovals(
  options: AppOptions,
  { store, log }: { readonly store: Pick<Store, 'approvals'>; readonly log: RecordLog },
  stack: AsyncDisposableStack,
): ApprovalService {
  const { logger } = options;
  const channels = openChannels(options, log, stack);
  const ports = { store: store.approvals, log, clock: systemClock, logger };
  const approvals = stack.adopt(createApprovals(ports), (opened) => opened.close());
  if (channels.length > 0) {
    approvals.onChange((request) => {
      const notice = noticeOf(request, approvals.argsJson(request.id));
      if (notice !== undefined) for (const channel of channels) channel.tell(notice);
    });
  }
  return approvals;
}

function openChannels(
  { config, home, logger, version }: AppOptions,
  log: RecordLog,
  stack: AsyncDisposableStack,
): readonly NoticeChannel[] {
  const clock = systemClock;
  return config.notify.webhooks.map(({ url, keyFile }, index) => {
    const key = loadOrCreateWebhookKey(resolve(home.directory, keyFile));
    const onFailed = recordsFailures({ log, clock, logger }, index);
    return stack.adopt(createWebhook({ clock, logger, onFailed }, { url, key, version }), (opened) => opened.close());
  });
}

/** That nobody was told is recorded; where that can't be either, the server's messages say so. `index`: of the webhook. */
export function recordsFailures(
  { log, clock, logger }: { readonly log: RecordLog; readonly clock: Clock; readonly logger: Logger },
  index: number,
): (notice: Notice) => void {
  return ({ subject }) => {
    const predicate = {
      ...{ operation: 'notify_webhook', subject: `webhook ${index}: ${subject}` },
      ...{ by: 'smcp', failed: 'NOTIFY_FAILED', time: rfc3339(clock.nowMs()) },
    };
    log.append({ kind: 'admin', predicate }).catch((thrown: unknown) => {
      logger.error('that nobody was told was not recorded', { error: String(thrown) });
    });
  };
}

const EVENTS: { readonly [state in ApprovalRequest['state']]: string | undefined } = {
  pending: 'asked',
  approved: 'approved',
  denied: 'denied',
  expired: 'expired',
  used: undefined,
};

/** What a channel tells of a request; undefined for what nobody has to know. Arguments that don't fit are left out whole. */
export function noticeOf(request: ApprovalRequest, argsJson: string | undefined): Notice | undefined {
  const event = EVENTS[request.state];
  if (event === undefined) return undefined;
  const fits = argsJson !== undefined && Buffer.byteLength(argsJson) <= LIMITS.notifyArgumentBytesMax;
  const { args, shown, ...view } = requestView(request, fits ? argsJson : undefined);
  return {
    subject: `approval ${request.id} ${event}`,
    body: {
      kind: 'approval',
      event,
      request: fits ? { ...view, args: args ?? null, shown: shown ?? null } : view,
      ...(argsJson === undefined || fits ? {} : { argsOmittedBytes: Buffer.byteLength(argsJson) }),
      ...(event === 'asked' ? { look: `smcp approvals show ${request.id}` } : {}),
    },
    ...(event === 'asked' ? { staleMs: request.expiresMs } : {}),
  };
}
