// One chat of Telegram as a way to people: a request is a message, and what becomes of it is written into the same message.
// **Trust:** chats are the operator's. What the server answers decides only whether and when it is tried again.

import { sha256 } from '#base/digest.ts';
import { isJsonObject } from '#base/json.ts';
import type { DeliveryResult, Notice, NoticeChannel, SentMessages } from '#domain/notify-ports.ts';
import type { TelegramTarget } from '#domain/notify-targets.ts';
import type { TelegramAnswer, TelegramApi } from './api.ts';
import { type MessageOptions, messageOf, requestOf } from './message.ts';

export type TelegramChatPorts = { readonly api: TelegramApi; readonly sent: SentMessages };

export type TelegramChatOptions = Pick<TelegramTarget, 'name' | 'kinds' | 'apiUrl'> &
  MessageOptions & { readonly chat: number };

export function createTelegramChat({ api, sent }: TelegramChatPorts, options: TelegramChatOptions): NoticeChannel {
  const { name, kinds, apiUrl, chat } = options;
  const addressDigest = sha256(`${apiUrl} ${chat}`);
  const target = `${name} ${addressDigest}`;

  const send = async (notice: Notice, about: string | undefined, signal: AbortSignal): Promise<TelegramAnswer> => {
    const answer = await api.call('sendMessage', { chat_id: chat, ...messageOf(notice, options) }, signal);
    const message = answer.kind === 'ok' && isJsonObject(answer.result) ? answer.result['message_id'] : undefined;
    if (about !== undefined && Number.isSafeInteger(message)) sent.put({ target, about, message: Number(message) });
    return answer;
  };

  return {
    type: 'telegram',
    ...{ name, kinds, addressDigest },
    deliver: async ({ notice }, signal) => {
      const request = requestOf(notice);
      if (request === undefined || request.isAsked) return resultOf(await send(notice, request?.id, signal));
      const message = sent.get({ target, about: request.id });
      if (message === undefined) return resultOf(await send(notice, undefined, signal));
      const params = { chat_id: chat, message_id: message, ...messageOf(notice, options) };
      const edited = await api.call('editMessageText', params, signal);
      if (edited.kind === 'ok' || edited.isUnchanged === true) return { kind: 'taken' };
      // It was deleted, or is too old to be edited: then it is told anew.
      return resultOf(edited.status === 400 ? await send(notice, undefined, signal) : edited);
    },
  };
}

/** What this chat will never take, and what passes. A token can be set anew, and a bot be let into a chat. */
function resultOf(answer: TelegramAnswer): DeliveryResult {
  if (answer.kind === 'ok') return { kind: 'taken' };
  const { status, why, afterMs } = answer;
  return { kind: status === 400 ? 'refused' : 'failed', why, ...(afterMs === undefined ? {} : { afterMs }) };
}
