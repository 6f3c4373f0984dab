// A webhook: one POST for each notice, signed. Called by app only.
// **Trust:** address and key are the operator's. What the receiver answers decides nothing: only its status is looked at.

import type { Clock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import type { NoticeChannel } from '#domain/notify-ports.ts';
import type { WebhookTarget } from '#domain/notify-targets.ts';
import { post, resultOf } from './post.ts';
import { HEADERS, signBody } from './signature.ts';

export type WebhookOptions = Omit<WebhookTarget, 'keyFile'> & {
  /** Of the HMAC. */
  readonly key: string;
  readonly version: string;
};

export function createWebhook({ clock }: { readonly clock: Clock }, options: WebhookOptions): NoticeChannel {
  const { name, kinds, url, key, version } = options;
  return {
    type: 'webhook',
    ...{ name, kinds, addressDigest: sha256(url) },
    deliver: async ({ id, notice }, signal) => {
      const body = JSON.stringify(notice.body);
      const timestamp = String(Math.floor(clock.nowMs() / 1000));
      const headers = {
        'content-type': 'application/json',
        'user-agent': `smcp/${version}`,
        [HEADERS.delivery]: id,
        [HEADERS.timestamp]: timestamp,
        [HEADERS.signature]: signBody(key, timestamp, body),
      };
      return resultOf(await post({ url, headers, body, signal }), clock);
    },
  };
}
