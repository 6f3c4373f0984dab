// The transcript that was kept of a call, as what can be played; or why it can't. Pure. **Trust:** what it is given was signed for.

import { parseBoundedJson } from '#base/bounded-json.ts';
import type { ExactJson } from '#base/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { compileOwnSchema, type Validator } from '#base/schema.ts';
import type { ExactEvent, KeptTranscript } from '#domain/transcript.ts';
import schema from '#schemas/transcript.v1.json' with { type: 'json' };

/** A transcript, or a sentence that says why it can't be played. */
export type TranscriptReader = (value: ExactJson) => KeptTranscript | string;

/** Compiles the schema when it is first needed: a start waits for none. */
export function createTranscriptReader(): TranscriptReader {
  let problemsOf: Validator | undefined;
  return (value) => {
    // Those of before have values in place of texts, and no format.
    if (isJsonObject(value as Json) && (value as JsonObject)['format'] === undefined) {
      return 'it was recorded before exact texts were kept: how its numbers were spelled, and the order of keys, are lost';
    }
    problemsOf ??= compileOwnSchema(schema as unknown as JsonObject);
    const [problem] = problemsOf(value);
    if (problem !== undefined) return `its transcript is of another release: ${problem.pointer} ${problem.message}`;
    const transcript = value as unknown as KeptTranscript;
    if (transcript.isCut === true) return 'it asked and was answered more than is kept';
    const isOurs = isInOrder(transcript.events) && transcript.events.every(({ text }) => isJsonText(text));
    return isOurs ? transcript : 'its transcript is none that a sandbox writes: it is out of order, or no JSON';
  };
}

const isJsonText = (text: string): boolean => parseBoundedJson(text).kind === 'value';

/** Calls have growing numbers; each has at most one end, behind it. */
function isInOrder(events: readonly ExactEvent[]): boolean {
  const open = new Set<number>();
  let last = 0;
  return events.every(({ kind, call }) => {
    if (kind !== 'asked') return open.delete(call);
    const isNext = call > last;
    last = call;
    open.add(call);
    return isNext;
  });
}
