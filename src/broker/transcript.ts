// What a guest asked and was answered, in the order in which it could see it: with the code and the arguments this gives its
// result again. One per invocation; the sandbox tells it what goes in and out.

import { LIMITS } from '#base/limits.ts';
import type { HostTraffic } from '#domain/sandbox-ports.ts';
import type { ExactEvent, ExactTranscript } from '#domain/transcript.ts';

export type TranscriptWriter = {
  readonly traffic: HostTraffic;
  /** Undefined when it grew over its bound: the call can't be run again. */
  readonly read: () => ExactTranscript | undefined;
};

/** Log lines and progress are left out by the sandbox: nothing of them comes back to the guest. */
export function createTranscriptWriter(): TranscriptWriter {
  const events: ExactEvent[] = [];
  let length = 0;
  const put = (event: ExactEvent): void => {
    if (length > LIMITS.transcriptBytesMax) return;
    length += event.text.length;
    if (length > LIMITS.transcriptBytesMax) events.length = 0;
    else events.push(event);
  };
  return {
    traffic: {
      asked: (call, name, text) => put({ kind: 'asked', call, name, text }),
      answered: (call, isOk, text) => put({ kind: isOk ? 'answered' : 'refused', call, text }),
    },
    read: () => (length > LIMITS.transcriptBytesMax ? undefined : { events }),
  };
}
