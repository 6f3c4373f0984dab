// The host calls of one run, which end with it: whatever it began and did not wait for is told to end, and has ended before the
// run's own record is written. Used for each run of a plugin's tool.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { HostCallHandler } from '#domain/sandbox-ports.ts';

export type HostCallsOfRun = {
  readonly handle: HostCallHandler;
  /** No other is taken; resolves when those under way have ended, at the latest after `LIMITS.hostCallEndMsMax`. */
  readonly end: () => Promise<void>;
};

/** `signal`: of the run; what ends the run ends its host calls with the same reason. */
export function createHostCallsOfRun(
  { logger }: { readonly logger: Logger },
  handle: HostCallHandler,
  signal: AbortSignal,
): HostCallsOfRun {
  const underWay = new Set<Promise<unknown>>();
  const over = new AbortController();
  const onAbort = () => over.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    handle: (call, _signal, count) => {
      const answer = handle(call, over.signal, count);
      if (!(answer instanceof Promise)) return answer;
      underWay.add(answer);
      const leave = () => void underWay.delete(answer);
      answer.then(leave, leave);
      return answer;
    },
    end: async () => {
      signal.removeEventListener('abort', onAbort);
      over.abort(new SmcpError('CANCELLED', 'the call that made it has ended'));
      if (underWay.size === 0) return;
      const { promise: late, resolve } = Promise.withResolvers<'late'>();
      const timer = setTimeout(() => resolve('late'), LIMITS.hostCallEndMsMax);
      const ended = await Promise.race([Promise.allSettled([...underWay]), late]);
      clearTimeout(timer);
      if (ended === 'late') logger.error('host calls of a run do not end', { count: underWay.size });
    },
  };
}
