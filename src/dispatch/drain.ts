// The end of a dispatcher: what waits is answered at once, what runs gets a while, then it is ended.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { type CallBook, endCall } from './call-book.ts';

export type Drain = {
  readonly hasBegun: () => boolean;
  /** Why calls are refused from then on. */
  readonly reason: () => SmcpError;
  /** Drain waits for this call, which may still write a record. */
  readonly track: <T>(call: Promise<T>) => Promise<T>;
  readonly drain: () => Promise<void>;
};

export function createDrain(book: CallBook, options: { readonly drainMsMax?: number }): Drain {
  const pending = new Set<Promise<unknown>>();
  let isDraining = false;
  const reason = () =>
    new SmcpError('SHUTTING_DOWN', 'the server is stopping', { details: { remedy: 'try again when it is back' } });

  const settled = async () => {
    while (pending.size > 0) await Promise.allSettled([...pending]);
  };

  return {
    hasBegun: () => isDraining,
    reason,
    track: async (call) => {
      pending.add(call);
      try {
        return await call;
      } finally {
        pending.delete(call);
      }
    },
    drain: async () => {
      isDraining = true;
      for (const entry of book.entries()) {
        // What a running tool calls belongs to what may still end.
        if (entry.state !== 'running' && entry.parent === undefined) endCall(entry, reason());
      }
      const timer = setTimeout(() => {
        for (const entry of book.entries()) endCall(entry, reason());
      }, options.drainMsMax ?? LIMITS.drainMsMax);
      await settled();
      clearTimeout(timer);
    },
  };
}
