// What a run again came to, beside what the record says. Pure. **Trust:** results are the guest's.

import { sha256 } from '#base/digest.ts';
import type { ExactJson } from '#base/exact-json.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { documentOfOther } from '#domain/disclosed-document.ts';
import type { ToolAnswer } from '#domain/invocation.ts';
import type { ReplayEnd } from '#domain/replay-ports.ts';
import type { RecordedCall } from './recorded-call.ts';

export type Comparison = {
  readonly isSame: boolean;
  /** A sentence. */
  readonly reason: string;
  readonly recorded: ReplayEnd;
  readonly replayed: ReplayEnd;
};

/**
 * Compares by commitment: the document that the log would have written of this answer, under the nonce of the one that was
 * signed for. Of an error code and message count: its details may hold this release's words.
 */
export function compareEnds({ predicate, result }: RecordedCall, answer: ToolAnswer): Comparison {
  const value: ExactJson = answer.kind === 'value' ? answer.value : answer.error;
  const digest = sha256(documentOfOther(result.document, value) ?? '');
  const recorded: ReplayEnd = { class: predicate.result?.class ?? '', digest: `sha256:${result.digest}` };
  const replayed: ReplayEnd = { class: answer.kind === 'value' ? 'value' : answer.error.code, digest };
  const both = { recorded, replayed };
  if (recorded.class !== replayed.class) {
    return { isSame: false, reason: `it ended with ${replayed.class}, not with ${recorded.class}`, ...both };
  }
  if (recorded.digest === replayed.digest) return { isSame: true, reason: 'the same result, to the digit', ...both };
  const isSameError = answer.kind === 'error' && answer.error.message === messageIn(result.content);
  if (isSameError) return { isSame: true, reason: 'the same error; its details are worded otherwise', ...both };
  return { isSame: false, reason: answer.kind === 'value' ? 'another result' : 'another message', ...both };
}

function messageIn(content: RecordedCall['result']['content']): Json | undefined {
  const value = content.kind === 'value' ? (content.value as Json) : undefined;
  return isJsonObject(value) ? value['message'] : undefined;
}
