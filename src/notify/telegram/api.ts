// The methods of Telegram's Bot API that are needed, each one POST. Used by this folder only.
// **Trust:** the token is in the path of every address, so no address, and no message of a library or of the other side, leaves this
// file. Answers are the server's: bounded, and looked at field by field.
// **Source:** core.telegram.org/bots/api#making-requests

import { readBody } from '#base/bounded-body.ts';
import { parseBoundedJson } from '#base/bounded-json.ts';
import { asSmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { TelegramTarget } from '#domain/notify-targets.ts';
import type { OwnSecret } from '#notify/own-secret.ts';
import { whyUnreachable } from '#notify/post.ts';

export type TelegramMethod = 'sendMessage' | 'editMessageText' | 'answerCallbackQuery' | 'getUpdates';

/** `status`: of HTTP; 0: there was no answer. `why`: in words of our own. `isUnchanged`: an edit that would have changed nothing. */
export type TelegramAnswer =
  | { readonly kind: 'ok'; readonly result: Json }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly why: string;
      readonly afterMs?: number;
      readonly isUnchanged?: boolean;
    };

export type TelegramApi = {
  /** The number of the bot, which anybody may know; undefined where its token can't be read. Never rejects. */
  readonly bot: () => Promise<string | undefined>;
  /** Never rejects. */
  readonly call: (method: TelegramMethod, params: JsonObject, signal: AbortSignal) => Promise<TelegramAnswer>;
};

export type TelegramApiOptions = Pick<TelegramTarget, 'apiUrl' | 'tokenSecret'> & { readonly version: string };

/** What a bot's token looks like: nothing else becomes a part of an address. */
const TOKEN = /^[0-9]{1,20}:[A-Za-z0-9_-]{20,128}$/;

const REASONS: { readonly [status: number]: string } = {
  400: 'the chat is not known, or the message is none',
  401: 'the token is not valid',
  403: 'the bot may not write to this chat',
  404: 'the token is not valid',
  409: 'another program asks for the updates of this bot, or it has a webhook',
  429: 'too many messages',
};

export function createTelegramApi(
  { secret }: { readonly secret: OwnSecret },
  { apiUrl, tokenSecret, version }: TelegramApiOptions,
): TelegramApi {
  const tokenOf = async (): Promise<{ readonly token: string } | { readonly why: string }> => {
    try {
      const token = await secret(tokenSecret);
      return TOKEN.test(token) ? { token } : { why: `the secret ${tokenSecret} is no token of a bot` };
    } catch (thrown) {
      const { code } = asSmcpError(thrown);
      return { why: code === 'SECRET_MISSING' ? `the secret ${tokenSecret} is not set` : `${tokenSecret}: ${code}` };
    }
  };
  return {
    bot: async () => {
      const found = await tokenOf();
      return 'why' in found ? undefined : found.token.slice(0, found.token.indexOf(':'));
    },
    call: async (method, params, signal) => {
      const found = await tokenOf();
      if ('why' in found) return { kind: 'error', status: 0, why: found.why };
      try {
        const response = await fetch(`${apiUrl}/bot${found.token}/${method}`, {
          ...{ method: 'POST', body: JSON.stringify(params), signal, redirect: 'manual' },
          headers: { 'content-type': 'application/json', 'user-agent': `smcp/${version}` },
        });
        // Undefined for more than an answer may have.
        const body = await readBody(response, LIMITS.telegramAnswerBytesMax);
        return answerOf(response.status, body?.toString('utf8'));
      } catch (thrown) {
        return { kind: 'error', status: 0, why: whyUnreachable(thrown) };
      }
    },
  };
}

function answerOf(status: number, text: string | undefined): TelegramAnswer {
  const parsed = text === undefined ? undefined : parseBoundedJson(text);
  const body = parsed?.kind === 'value' && isJsonObject(parsed.value) ? parsed.value : {};
  if (status === 200 && body['ok'] === true) return { kind: 'ok', result: body['result'] ?? null };
  const parameters = body['parameters'];
  const seconds = isJsonObject(parameters) ? parameters['retry_after'] : undefined;
  const reason = REASONS[status];
  return {
    ...{ kind: 'error', status, why: reason === undefined ? `it answered ${status}` : `${reason} (${status})` },
    ...(String(body['description']).includes('message is not modified') ? { isUnchanged: true } : {}),
    ...(typeof seconds === 'number' && seconds > 0 ? { afterMs: seconds * 1000 } : {}),
  };
}
