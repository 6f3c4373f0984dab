// The targets that people are told by, as config.yaml names them and channels take them. Types only. No secret stands in one: names of
// secrets do.

import type { NoticeKind } from './notify-ports.ts';

/** Of every target. `name`: unique among all of them. */
export type NotifyTarget = {
  readonly name: string;
  /** What it is told of. */
  readonly kinds: readonly NoticeKind[];
};

export type WebhookTarget = NotifyTarget & {
  /** http or https, also to this machine. Redirections are not followed. */
  readonly url: string;
  /** Of the file with the key of the HMAC; relative to the home. */
  readonly keyFile: string;
};

export type NtfyTarget = NotifyTarget & {
  readonly url: string;
  readonly topic: string;
  /** The name of the secret that is the token; absent: none is sent. */
  readonly tokenSecret?: string;
  /** Whether arguments of calls are sent. */
  readonly showsDetails: boolean;
};

export type MailTarget = NotifyTarget & {
  readonly server: string;
  readonly port: number;
  /** Encrypted from the first byte · by STARTTLS, or not at all · a server on this machine. */
  readonly security: 'tls' | 'starttls' | 'loopback';
  /** The name that its certificate is for, where that is not `server`. */
  readonly certificateName?: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly user?: string;
  /** The name of the secret that is the password of `user`. There where `user` is. */
  readonly passwordSecret?: string;
  /** As of ntfy. */
  readonly showsDetails: boolean;
};

export type TelegramTarget = NotifyTarget & {
  /** Without a slash at its end. */
  readonly apiUrl: string;
  /** The name of the secret that is the bot's token; read for each request. */
  readonly tokenSecret: string;
  /** Those that are told, and in which a press counts. */
  readonly chats: readonly number[];
  /** Names of those who may decide by a button, by the number of their account. */
  readonly people: ReadonlyMap<number, string>;
  /** As of ntfy. */
  readonly showsDetails: boolean;
};
