// What a guest asked and was answered, in the order in which it could see it: with the code and the arguments this gives its
// result again. One per invocation; called by the broker only.

import type { WireError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Transcript, TranscriptEvent } from '#domain/transcript.ts';

export type TranscriptWriter = {
  /** The number of the call, by which its answer is told. */
  readonly asked: (name: string, params: Json) => number;
  readonly answered: (number: number, answer: Json) => void;
  readonly refused: (number: number, error: WireError) => void;
  /** Undefined when it grew over its bound: the call can't be run again. */
  readonly read: () => Transcript | undefined;
};

/**
 * Log lines and progress are left out by the caller: no answer of theirs reaches the guest. What is put in must hold no secret.
 */
export function createTranscriptWriter(): TranscriptWriter {
  const events: TranscriptEvent[] = [];
  let bytes = 0;
  let asked = 0;
  const put = (event: TranscriptEvent): void => {
    if (bytes > LIMITS.transcriptBytesMax) return;
    bytes += Buffer.byteLength(JSON.stringify(event));
    if (bytes > LIMITS.transcriptBytesMax) events.length = 0;
    else events.push(event);
  };
  return {
    asked: (name, params) => {
      asked += 1;
      put({ kind: 'asked', call: asked, name, params });
      return asked;
    },
    answered: (call, value) => put({ kind: 'answered', call, value }),
    refused: (call, { code, message, details }) =>
      put({ kind: 'refused', call, error: { code, message, ...(details === undefined ? {} : { details }) } }),
    read: () => (bytes > LIMITS.transcriptBytesMax ? undefined : { events }),
  };
}
