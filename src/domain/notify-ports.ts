// Telling people that something wants their attention. A notice never decides, and nothing waits for one.

import type { JsonObject } from '#base/json.ts';

/**
 * What people are told of: a call that waits, or was decided · a plugin that waits for approval · an agent that repeats itself ·
 * a policy that lets somebody do more · a layer of the sandbox that is no more · a log that is not what was signed · a stop, or its
 * end.
 */
export const NOTICE_KINDS = ['approval', 'quarantine', 'loop', 'widening', 'layer', 'verification', 'freeze'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** One thing to tell. **Trust:** every text for people has been made visible; `body` holds texts as they came. */
export type Notice = {
  /** `test`: a person asked for it. */
  readonly kind: NoticeKind | 'test';
  /** What it is about, for the record of a failure: `approval 0123456789abcdef asked`. */
  readonly subject: string;
  /** For people, in one line of bounded length. */
  readonly title: string;
  /** For people, of bounded length. */
  readonly lines: readonly string[];
  /** Shown whole or not at all: what is cut could hide what matters. Absent: there is nothing more. */
  readonly details?: string;
  /** The command with which to look. */
  readonly look?: string;
  /** The page on which to look, by https. */
  readonly link?: string;
  /** For programs, as JSON. */
  readonly body: JsonObject;
  /** From when on nobody needs to be told any more, in ms since the epoch; absent: always. */
  readonly staleMs?: number;
};

/** A bound on notices that somebody else can cause: what is over it within a while is told in one. */
export type NoticeBound = {
  /** Those with one key share the bound. */
  readonly key: string;
  readonly countMax: number;
  /** The one in the place of `count` others. */
  readonly more: (count: number) => Notice;
};

/** A try to tell one thing to one target. */
export type Delivery = {
  /** The same for each try. */
  readonly id: string;
  readonly notice: Notice;
};

/**
 * `refused`: the receiver answered that it takes no such thing · `failed`: anything else; a later try may be taken. `why` has no
 * address, no secret and no text of others. `afterMs`: how long the receiver asks to be left alone.
 */
export type DeliveryResult =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused' | 'failed'; readonly why: string; readonly afterMs?: number };

/** A way to people. */
export type NoticeChannel = {
  readonly type: 'webhook' | 'ntfy' | 'mail' | 'telegram';
  /** As the configuration calls it, or type and number: `webhook-1`. Unique. */
  readonly name: string;
  /** What is kept for another address is not told to this one. No secret is in it. */
  readonly addressDigest: string;
  /** What it is told of. */
  readonly kinds: readonly NoticeKind[];
  /** One try. Never rejects. */
  readonly deliver: (delivery: Delivery, signal: AbortSignal) => Promise<DeliveryResult>;
};

/** Takes what is to be told, and returns at once. */
export type NoticeTeller = {
  /**
   * **Durability:** on disk when it returns, unless it is over a bound. Never throws: what can't be kept is said in the server's
   * own messages. False: it is over one of the bounds, the first of which tells it in one with others.
   */
  readonly tell: (notice: Notice, ...bounds: readonly NoticeBound[]) => boolean;
};

/** One target as people see it. Times in ms since the epoch. */
export type NoticeTarget = {
  readonly name: string;
  readonly type: NoticeChannel['type'];
  readonly kinds: readonly NoticeKind[];
  readonly waiting: number;
  /** Since this start. */
  readonly delivered: number;
  readonly dropped: number;
  readonly deliveredMs?: number;
  /** Why decisions by its buttons are not heard; absent: they are, or it has none. */
  readonly problem?: string;
  /** Present while its last try failed. */
  readonly failing?: {
    readonly sinceMs: number;
    readonly why: string;
    readonly tries: number;
    readonly nextMs: number;
  };
};

/** A notice that a target was not given yet. */
export type WaitingNotice = {
  readonly id: string;
  readonly target: string;
  readonly subject: string;
  readonly createdMs: number;
  readonly tries: number;
  readonly why?: string;
};

/** What people do with notices. */
export type NoticeDesk = {
  readonly targets: () => readonly NoticeTarget[];
  /** In the order in which they are told, target by target. */
  readonly waiting: () => readonly WaitingNotice[];
  /** Sends a notice to the target, or to all, by one try each, past what waits; `[]`: there are none. @throws `NOTIFY_TARGET_UNKNOWN` */
  readonly test: (target?: string) => Promise<readonly { readonly target: string; readonly why?: string }[]>;
};

/** A notice as it is kept for one target, without its text. */
export type NoticeHead = {
  /** Ascending in the order in which they were kept. */
  readonly place: number;
  readonly id: string;
  /** Name and address of the target. */
  readonly target: string;
  readonly subject: string;
  readonly createdMs: number;
  readonly staleMs?: number;
  readonly tries: number;
  readonly why?: string;
};

/** Messages that were sent, by what they are about, so that what becomes of it is written into the same one. */
export type SentMessages = {
  /** **Durability:** on disk when it returns. The oldest makes room. */
  readonly put: (sent: { readonly target: string; readonly about: string; readonly message: number }) => void;
  readonly get: (key: { readonly target: string; readonly about: string }) => number | undefined;
};

/** Where notices wait. **Durability:** on disk when a function returns. */
export type NoticeStore = {
  /** For each of the targets. The heads that were made. */
  readonly add: (
    entry: { readonly id: string; readonly notice: Notice; readonly createdMs: number },
    targets: readonly string[],
  ) => readonly NoticeHead[];
  readonly heads: () => readonly NoticeHead[];
  readonly notice: (place: number) => Notice | undefined;
  readonly tried: (place: number, tries: number, why: string) => void;
  readonly remove: (places: readonly number[]) => void;
};
