// ntfy: a notice as a message of a topic, sent as JSON, so that no text of it stands in a header. Called by app only.
// **Trust:** server, topic and token are the operator's. Who knows the topic of a public server reads what is sent there.
// **Source:** docs.ntfy.sh/publish/#publish-as-json

import type { Clock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import type { NoticeChannel } from '#domain/notify-ports.ts';
import type { NtfyTarget } from '#domain/notify-targets.ts';
import { type OwnSecret, readingSecret } from './own-secret.ts';
import { post, resultOf } from './post.ts';
import { noticeText } from './text.ts';

export type NtfyPorts = { readonly clock: Clock; readonly secret: OwnSecret };

export type NtfyOptions = NtfyTarget & { readonly version: string };

export function createNtfy({ clock, secret }: NtfyPorts, options: NtfyOptions): NoticeChannel {
  const { name, kinds, url, topic, tokenSecret, showsDetails, version } = options;
  const fits = (text: string) => Buffer.byteLength(text) <= LIMITS.ntfyMessageBytesMax;
  return {
    type: 'ntfy',
    ...{ name, kinds, addressDigest: sha256(`${url} ${topic}`) },
    deliver: ({ id, notice }, signal) =>
      readingSecret(secret, tokenSecret, async (token) => {
        const { text } = noticeText(notice, { fits, showsDetails });
        const click = notice.link === undefined ? {} : { click: notice.link };
        const message = { topic, title: notice.title, message: text, tags: [notice.kind], ...click };
        const headers = {
          'content-type': 'application/json',
          'user-agent': `smcp/${version}`,
          'x-smcp-delivery': id,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        };
        return resultOf(await post({ url, headers, body: JSON.stringify(message), signal }), clock);
      }),
  };
}
