// A small Bot API on loopback: keeps messages and updates as Telegram does, holds questions for updates open, takes one poller at a
// time, and can be told to refuse. **Source:** core.telegram.org/bots/api

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const TOKEN = '4711:AAaaBBbbCCccDDddEEeeFFffGGgg';

type Params = { readonly [name: string]: unknown };
export type Asked = { readonly method: string; readonly params: Params };
export type ChatMessage = { readonly message_id: number; readonly chat: number; text: string; reply_markup?: unknown };
type Update = { readonly update_id: number; readonly callback_query?: object };
/** `status` 0: no answer at all. */
type Refusal = { readonly status: number; readonly retryAfter?: number; readonly description?: string };

type Waiting = { readonly response: ServerResponse; readonly offset: number };

export async function openBotApi({ token = TOKEN } = {}) {
  const asked: Asked[] = [];
  const messages: ChatMessage[] = [];
  const answered: { readonly query: string; readonly text: string }[] = [];
  const refusals = new Map<string, Refusal[]>();
  let updates: Update[] = [];
  let nextUpdate = 100;
  let nextMessage = 1;
  let waiting: Waiting | undefined;

  const say = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const ok = (response: ServerResponse, result: unknown) => say(response, 200, { ok: true, result });
  const no = (response: ServerResponse, { status, retryAfter, description = 'refused' }: Refusal): void =>
    void say(response, status, {
      ...{ ok: false, error_code: status, description },
      ...(retryAfter === undefined ? {} : { parameters: { retry_after: retryAfter } }),
    });

  const flush = () => {
    if (waiting === undefined) return;
    const { response, offset } = waiting;
    const found = updates.filter(({ update_id }) => update_id >= offset);
    if (found.length === 0) return;
    waiting = undefined;
    ok(response, found);
  };
  const methods: { readonly [method: string]: (params: Params, response: ServerResponse) => void } = {
    getUpdates: ({ offset = 0 }, response) => {
      if (waiting !== undefined) {
        no(waiting.response, { status: 409, description: 'Conflict: terminated by other getUpdates request' });
      }
      // What is below the offset is confirmed, and gone.
      updates = updates.filter(({ update_id }) => update_id >= Number(offset));
      waiting = { response, offset: Number(offset) };
      response.on('close', () => {
        if (waiting?.response === response) waiting = undefined;
      });
      flush();
    },
    sendMessage: ({ chat_id, text, reply_markup }, response) => {
      if (String(text).length > 4_096) return no(response, { status: 400, description: 'message is too long' });
      const message: ChatMessage = {
        ...{ message_id: nextMessage, chat: Number(chat_id), text: String(text) },
        ...(reply_markup === undefined ? {} : { reply_markup }),
      };
      nextMessage += 1;
      messages.push(message);
      ok(response, { ...message, chat: { id: message.chat } });
    },
    editMessageText: ({ chat_id, message_id, text, reply_markup }, response) => {
      const message = messages.find((one) => one.chat === chat_id && one.message_id === message_id);
      if (message === undefined) return no(response, { status: 400, description: 'message to edit not found' });
      const isSame = message.text === text && message.reply_markup === reply_markup;
      if (isSame) return no(response, { status: 400, description: 'Bad Request: message is not modified: same' });
      message.text = String(text);
      message.reply_markup = reply_markup;
      ok(response, {});
    },
    answerCallbackQuery: ({ callback_query_id, text }, response) => {
      answered.push({ query: String(callback_query_id), text: String(text) });
      ok(response, true);
    },
  };

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [, given, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? '') ?? [];
    if (given !== token) return no(response, { status: 401, description: `Unauthorized: ${given}` });
    const params = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Params;
    asked.push({ method, params });
    const refusal = refusals.get(method)?.shift();
    if (refusal?.status === 0) return undefined;
    if (refusal !== undefined) return no(response, refusal);
    return methods[method]?.(params, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const put = (update: Update) => {
    updates.push(update);
    flush();
  };
  return {
    ...{ asked, messages, answered },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What the next calls of a method get in the place of their answer. */
    refuse: (method: string, ...next: readonly Refusal[]) => refusals.set(method, [...next]),
    /** As if `user` had pressed a button; more of the update with `more`. The id of the press. */
    press: (data: string, { user, chat = user, message = 1 }: { user: number; chat?: number; message?: number }) => {
      const query = `query-${nextUpdate}`;
      const from = { id: user, is_bot: false, first_name: 'x' };
      const callback_query = { id: query, from, message: { message_id: message, chat: { id: chat } }, data };
      put({ update_id: nextUpdate, callback_query });
      nextUpdate += 1;
      return query;
    },
    /** Any update, with the next number or one of its own. */
    put: (update: object) => {
      put({ update_id: nextUpdate, ...update });
      nextUpdate += 1;
    },
    /** Telegram begins numbers anew after a week without updates. */
    renumber: (from: number) => {
      nextUpdate = from;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type BotApi = Awaited<ReturnType<typeof openBotApi>>;

/** Of the buttons of a message that decide, by their texts. */
export function buttonsOf({ reply_markup }: ChatMessage): { readonly [text: string]: string } {
  const { inline_keyboard = [] } = (reply_markup ?? {}) as {
    inline_keyboard?: { text: string; callback_data?: string }[][];
  };
  return Object.fromEntries(
    inline_keyboard
      .flat()
      .flatMap(({ text, callback_data }) => (callback_data === undefined ? [] : [[text, callback_data]])),
  );
}
