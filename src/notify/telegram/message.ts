// A notice as a message of Telegram: plain text with two kinds of entities, which are places in the text and no markup. Pure.
// **Trust:** texts of others stand in it. Without a parse mode nothing in them is markup; in a block of code nothing is a link, a name
// or a command; and no preview has a server of Telegram's fetch an address that an agent wrote.
// **Source:** core.telegram.org/bots/api#sendmessage

import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Notice } from '#domain/notify-ports.ts';
import type { TelegramTarget } from '#domain/notify-targets.ts';
import { noticeText } from '#notify/text.ts';
import { decisionRow } from './buttons.ts';

export type MessageOptions = Pick<TelegramTarget, 'showsDetails'> & {
  /** Whether somebody may decide by a button. */
  readonly hasButtons: boolean;
};

/** The request that a notice asks about, or tells the end of; undefined: it is about none. */
export function requestOf({
  kind,
  body,
}: Notice):
  | { readonly id: string; readonly digest: string; readonly isAsked: boolean; readonly needsPasskey: boolean }
  | undefined {
  const request = body['request'];
  if (kind !== 'approval' || !isJsonObject(request)) return undefined;
  const { id, digest } = request;
  if (typeof id !== 'string' || typeof digest !== 'string') return undefined;
  const needsPasskey = isJsonObject(request['approvers']);
  return { id, digest, isAsked: body['event'] === 'asked', needsPasskey };
}

/** What `sendMessage` and `editMessageText` take, but the chat. Buttons are there only where all arguments are. */
export function messageOf(notice: Notice, { showsDetails, hasButtons }: MessageOptions): JsonObject {
  const { title } = notice;
  const before = `${title}\n\n`;
  const fits = (text: string) => before.length + text.length <= LIMITS.telegramTextLengthMax;
  const { text, isWhole } = noticeText(notice, { fits, showsDetails });
  const rows = hasButtons && isWhole ? decisionRows(notice) : [];
  const link = notice.link === undefined ? [] : [[{ text: 'Open the console', url: notice.link }]];
  const keyboard = [...rows, ...link];
  return {
    text: before + text,
    // Offsets and lengths in UTF-16 units, as JavaScript counts.
    entities: [
      { type: 'bold', offset: 0, length: title.length },
      { type: 'pre', offset: before.length, length: text.length },
    ],
    link_preview_options: { is_disabled: true },
    ...(keyboard.length === 0 ? {} : { reply_markup: { inline_keyboard: keyboard } }),
  };
}

/** None where people have to sign with a passkey: what a button says would not count. */
function decisionRows(notice: Notice): JsonObject[][] {
  const request = requestOf(notice);
  if (request?.isAsked !== true || request.needsPasskey) return [];
  const row = decisionRow(request.id, request.digest);
  return row.length === 0 ? [] : [[...row]];
}
