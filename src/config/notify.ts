// `notify` of config.yaml: the targets that people are told by. Names are given, addresses looked at; no secret stands in the file.

import { SmcpError } from '#base/errors.ts';
import { isLoopbackHost } from '#base/trusted-address.ts';
import { NOTICE_KINDS, type NoticeKind } from '#domain/notify-ports.ts';
import type { MailTarget, NotifyTarget, NtfyTarget, TelegramTarget, WebhookTarget } from '#domain/notify-targets.ts';

export type NotifyConfig = {
  readonly webhooks: readonly WebhookTarget[];
  readonly ntfy: readonly NtfyTarget[];
  readonly mail: readonly MailTarget[];
  readonly telegram: readonly TelegramTarget[];
};

export const NO_TARGETS: NotifyConfig = { webhooks: [], ntfy: [], mail: [], telegram: [] };

type WrittenTarget = { readonly name?: string; readonly kinds?: readonly NoticeKind[] };

type Arguments = { readonly arguments?: 'whole' | 'never' };

type WrittenNtfy = WrittenTarget &
  Arguments & { readonly url?: string; readonly topic: string; readonly tokenSecret?: string };

type WrittenMail = WrittenTarget &
  Arguments & {
    readonly server: string;
    readonly port?: number;
    readonly certificateName?: string;
    readonly from: string;
    readonly to: readonly string[];
    readonly user?: string;
    readonly passwordSecret?: string;
  };

type WrittenTelegram = WrittenTarget &
  Arguments & {
    readonly apiUrl?: string;
    readonly tokenSecret: string;
    readonly chats: readonly number[];
    readonly people?: { readonly [account: string]: string };
  };

/** As the file says it; its form was checked. */
export type WrittenNotify = {
  readonly webhooks?: readonly (WrittenTarget & { readonly url: string; readonly keyFile?: string })[];
  readonly ntfy?: readonly WrittenNtfy[];
  readonly mail?: readonly WrittenMail[];
  readonly telegram?: readonly WrittenTelegram[];
};

const WEBHOOK_KEY = 'webhook.key';
const NTFY_URL = 'https://ntfy.sh';
const TELEGRAM_URL = 'https://api.telegram.org';
/** Submission by STARTTLS, and with TLS from the first byte. **Source:** RFC 6409 §3.1, RFC 8314 §3.3 */
const MAIL_PORT = 587;
const MAIL_TLS_PORT = 465;

/**
 * With every default put in: a target that has no name is called by its type and number, `webhook-1`.
 *
 * @param file for errors. @throws `CONFIG_INVALID` for what is no address, one with a name and a password in it, a token or password
 * that would go over a network in clear, or a name given twice
 */
export function notifyOf(written: WrittenNotify = {}, file: string): NotifyConfig {
  const { webhooks = [], ntfy = [], mail = [], telegram = [] } = written;
  const config: NotifyConfig = {
    webhooks: webhooks.map(({ url, keyFile = WEBHOOK_KEY, ...target }, index) => {
      checkUrl(url, { file, pointer: `/notify/webhooks/${index}/url`, what: 'a webhook' });
      return { ...targetOf(target, 'webhook', index), url, keyFile };
    }),
    ntfy: ntfy.map((target, index) => ntfyOf(target, index, file)),
    mail: mail.map((target, index) => mailOf(target, index, file)),
    telegram: telegram.map((target, index) => telegramOf(target, index, file)),
  };
  checkNames(Object.values(config).flat(), file);
  checkBots(config.telegram, file);
  return config;
}

function ntfyOf(written: WrittenNtfy, index: number, file: string): NtfyTarget {
  const { url = NTFY_URL, topic, tokenSecret } = written;
  const pointer = `/notify/ntfy/${index}/url`;
  checkUrl(url, { file, pointer, what: 'a server of ntfy' });
  if (tokenSecret !== undefined && !isPrivateWay(url)) throw inClear(file, pointer, 'the token');
  return {
    ...targetOf(written, 'ntfy', index),
    ...{ url, topic, showsDetails: written.arguments !== 'never' },
    ...(tokenSecret === undefined ? {} : { tokenSecret }),
  };
}

function mailOf(written: WrittenMail, index: number, file: string): MailTarget {
  const { server, from, to, user, passwordSecret, certificateName } = written;
  const isHere = isLoopbackHost(server);
  const port = written.port ?? (isHere ? 25 : MAIL_PORT);
  if ((user === undefined) !== (passwordSecret === undefined)) {
    throw new SmcpError('CONFIG_INVALID', `${file}: /notify/mail/${index} has one of user and passwordSecret only`, {
      details: { remedy: 'give both, or neither where the server asks for none' },
    });
  }
  return {
    ...targetOf(written, 'mail', index),
    ...{ server, port, from, to, showsDetails: written.arguments !== 'never' },
    security: isHere ? 'loopback' : port === MAIL_TLS_PORT ? 'tls' : 'starttls',
    ...(certificateName === undefined ? {} : { certificateName }),
    ...(user === undefined || passwordSecret === undefined ? {} : { user, passwordSecret }),
  };
}

function telegramOf(written: WrittenTelegram, index: number, file: string): TelegramTarget {
  const { apiUrl = TELEGRAM_URL, tokenSecret, chats, people = {} } = written;
  const pointer = `/notify/telegram/${index}/apiUrl`;
  checkUrl(apiUrl, { file, pointer, what: 'a server of the Bot API' });
  if (!isPrivateWay(apiUrl)) throw inClear(file, pointer, 'the token');
  return {
    ...targetOf(written, 'telegram', index),
    ...{ apiUrl: apiUrl.replace(/\/+$/, ''), tokenSecret, chats, showsDetails: written.arguments !== 'never' },
    people: new Map(Object.entries(people).map(([account, name]) => [Number(account), name])),
  };
}

/** Two that ask for the presses of one bot take them from each other. */
function checkBots(targets: readonly TelegramTarget[], file: string): void {
  const deciding = targets.filter(({ people }) => people.size > 0).map(({ tokenSecret }) => tokenSecret);
  const twice = deciding.find((name, index) => deciding.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new SmcpError(
    'CONFIG_INVALID',
    `${file}: two targets of /notify/telegram have people, and the bot of ${twice}`,
    {
      details: { remedy: 'give one target all of its chats and people, or each a bot of its own' },
    },
  );
}

/** Encrypted, or within this machine. */
function isPrivateWay(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopbackHost(hostname);
}

function inClear(file: string, pointer: string, what: string): SmcpError {
  return new SmcpError('CONFIG_INVALID', `${file}: ${pointer} would send ${what} over the network in clear`, {
    details: { remedy: 'use https' },
  });
}

function targetOf({ name, kinds = NOTICE_KINDS }: WrittenTarget, type: string, index: number): NotifyTarget {
  return { name: name ?? `${type}-${index + 1}`, kinds };
}

type Place = { readonly file: string; readonly pointer: string; readonly what: string };

/** A name and a password in it would be sent nowhere, and be shown. */
function checkUrl(url: string, { file, pointer, what }: Place): void {
  const parsed = URL.parse(url);
  if (parsed !== null && parsed.username === '' && parsed.password === '') return;
  throw new SmcpError('CONFIG_INVALID', `${file}: ${pointer} is no address for ${what}`, {
    details: { remedy: 'write it as https://host/path, without a name and a password' },
  });
}

function checkNames(targets: readonly NotifyTarget[], file: string): void {
  const names = targets.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new SmcpError('CONFIG_INVALID', `${file}: two targets under /notify are called ${twice}`, {
    details: { remedy: 'give each a `name` of its own; one without is called by its type and number' },
  });
}
