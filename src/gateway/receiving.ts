// How many bytes of bodies may be on their way in at once, for each caller and in all: what a body says of its length is
// kept free for it until the request has ended. **Trust:** Content-Length is the caller's; Fastify holds bodies to it.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

export type Receiving = {
  /**
   * Keeps room for a body. The function returned gives it back, once.
   *
   * @param contentLength as the header says; undefined for a body of unknown length, which counts as the largest one.
   * @throws `QUEUE_FULL`
   */
  readonly reserve: (caller: string, contentLength: string | undefined) => () => void;
};

export function createReceiving(): Receiving {
  const byCaller = new Map<string, number>();
  let total = 0;
  return {
    reserve: (caller, contentLength) => {
      const declared = contentLength === undefined ? LIMITS.bodyBytesMax : Number(contentLength);
      const bytes = Number.isSafeInteger(declared)
        ? Math.min(Math.max(declared, 0), LIMITS.bodyBytesMax)
        : LIMITS.bodyBytesMax;
      const own = (byCaller.get(caller) ?? 0) + bytes;
      if (own > LIMITS.receivingPerCallerBytesMax || total + bytes > LIMITS.receivingBytesMax) {
        throw new SmcpError('QUEUE_FULL', 'too many request bodies are under way', {
          details: { retryAfterMs: 1000, remedy: 'wait for answers before sending more' },
        });
      }
      byCaller.set(caller, own);
      total += bytes;
      let isKept = true;
      return () => {
        if (!isKept) return;
        isKept = false;
        total -= bytes;
        const left = (byCaller.get(caller) ?? 0) - bytes;
        if (left > 0) byCaller.set(caller, left);
        else byCaller.delete(caller);
      };
    },
  };
}
