// Telling people that something wants their attention. A channel never decides, and nothing waits for one.

import type { JsonObject } from '#base/json.ts';

/** One thing to tell. */
export type Notice = {
  /** What it is about, for the record of a failure: `approval 0123456789abcdef asked`. */
  readonly subject: string;
  readonly body: JsonObject;
  /** From when on nobody needs to be told any more, in ms since the epoch; absent: always. */
  readonly staleMs?: number;
};

/** A way to people: a webhook now, others by the same port. */
export type NoticeChannel = {
  /** Takes the notice and returns at once. What can't be told is recorded. */
  readonly tell: (notice: Notice) => void;
  /** Tells nothing more; what has not been told is dropped. */
  readonly close: () => void;
};
