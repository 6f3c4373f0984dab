// What a guest asked and was answered, in the order in which it could see it: with the code and the arguments this gives its
// result again. One per invocation; the sandbox tells it what goes in and out.

import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { HostTraffic } from '#domain/sandbox-ports.ts';
import type { Transcript, TranscriptEvent } from '#domain/transcript.ts';

export type TranscriptWriter = {
  readonly traffic: HostTraffic;
  /** Undefined when it grew over its bound: the call can't be run again. */
  readonly read: () => Transcript | undefined;
};

/** Log lines and progress are left out by the sandbox: nothing of them comes back to the guest. */
export function createTranscriptWriter(): TranscriptWriter {
  const events: TranscriptEvent[] = [];
  let bytes = 0;
  const put = (event: TranscriptEvent, eventBytes: number): void => {
    if (bytes > LIMITS.transcriptBytesMax) return;
    bytes += eventBytes;
    if (bytes > LIMITS.transcriptBytesMax) events.length = 0;
    else events.push(event);
  };
  return {
    traffic: {
      asked: (call, name, body) =>
        put({ kind: 'asked', call, name, params: JSON.parse(body) as Json }, name.length + body.length),
      answered: (call, isOk, body) => put(isOk ? answerOf(call, body) : refusalOf(call, body), body.length),
    },
    read: () => (bytes > LIMITS.transcriptBytesMax ? undefined : { events }),
  };
}

const answerOf = (call: number, body: string): TranscriptEvent => ({
  kind: 'answered',
  call,
  value: JSON.parse(body) as Json,
});

/** The body is the host's own. */
const refusalOf = (call: number, body: string): TranscriptEvent => ({
  kind: 'refused',
  call,
  error: JSON.parse(body) as Extract<TranscriptEvent, { readonly kind: 'refused' }>['error'],
});
