// Telegram, joined: chats that are told, and buttons by which people decide about calls.

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import type { Approvals } from '#domain/approval-ports.ts';
import type { NoticeChannel, SentMessages } from '#domain/notify-ports.ts';
import type { TelegramTarget } from '#domain/notify-targets.ts';
import type { OwnSecretReader } from '#domain/secret-ports.ts';
import type { MetaStore } from '#domain/store-ports.ts';
import { createTelegramApi } from '#notify/telegram/api.ts';
import { createTelegramChat } from '#notify/telegram/channel.ts';
import { createDecider, type DeciderPorts } from '#notify/telegram/decide.ts';
import { followUpdates, type UpdateOptions } from '#notify/telegram/updates.ts';

export type TelegramPorts = OwnSecretReader & { readonly sentMessages: SentMessages; readonly version: string };

/** One for each chat, so that one that fails holds up no other. */
export function telegramChats(target: TelegramTarget, ports: TelegramPorts): readonly NoticeChannel[] {
  const { name, kinds, apiUrl, chats, people, tokenSecret, showsDetails } = target;
  const { readOwn: secret, sentMessages: sent, version } = ports;
  const api = createTelegramApi({ secret }, { apiUrl, tokenSecret, version });
  return chats.map((chat, index) =>
    createTelegramChat(
      { api, sent },
      {
        ...{ name: chats.length === 1 ? name : `${name}/${index + 1}`, kinds, apiUrl, chat },
        ...{ showsDetails, hasButtons: people.size > 0 },
      },
    ),
  );
}

export type TelegramDeciding = OwnSecretReader & {
  readonly approvals: Pick<Approvals, 'find' | 'approve' | 'deny'>;
  readonly policyPeople: DeciderPorts['policyPeople'];
  readonly meta: MetaStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
};

/** Hears the buttons of every target that names people, until the stack is disposed of. Why some are not heard, by the target's name. */
export function hearTelegram(
  targets: readonly TelegramTarget[],
  ports: TelegramDeciding,
  stack: AsyncDisposableStack,
  options: Pick<UpdateOptions, 'retryMs'> = {},
): () => ReadonlyMap<string, string> {
  const { readOwn: secret, approvals, policyPeople, meta, clock, logger, version } = ports;
  const heard = targets
    .filter(({ people }) => people.size > 0)
    .map(({ name, apiUrl, tokenSecret, chats, people }) => {
      const api = createTelegramApi({ secret }, { apiUrl, tokenSecret, version });
      const onPressed = createDecider({ api, approvals, policyPeople, logger }, { chats, people });
      const updates = followUpdates({ api, meta, clock, logger, onPressed }, { name, ...options });
      stack.defer(() => updates.close());
      return { name, updates };
    });
  return () =>
    new Map(
      heard.flatMap(({ name, updates }): (readonly [string, string])[] => {
        const problem = updates.problem();
        return problem === undefined ? [] : [[name, problem]];
      }),
    );
}
