// What the log says became of a call, for an answer that was lost with the server that should have given it.

import { isJsonObject, type Json } from '#base/json.ts';
import { errorAnswer } from '#domain/answer.ts';
import { readDisclosed } from '#domain/disclosed-document.ts';
import type { CallOutcome, Receipt } from '#domain/invocation.ts';
import type { RecordReader } from '#domain/ports.ts';

export type RecordedOutcome =
  /** No record, or one that says that it never started. */
  | { readonly kind: 'never-ran' }
  | { readonly kind: 'ended'; readonly outcome: CallOutcome }
  /** It ran; its result is not kept in the log, or its end is not known. */
  | { readonly kind: 'lost'; readonly receipt: Receipt; readonly isUnknown: boolean };

/** **Trust:** the log is this home's own, checked at its opening. */
export function recordedOutcome(
  log: Pick<RecordReader, 'findInvocation' | 'record'>,
  invocation: string,
): RecordedOutcome {
  const index = log.findInvocation(invocation).at(-1);
  const stored = index === undefined ? undefined : log.record(index);
  if (stored === undefined) return { kind: 'never-ran' };
  const receipt = { index: stored.index, leaf: stored.leaf };
  const predicate = predicateIn(stored.envelope);
  const phase = predicate['phase'];
  if (phase === 'denied' || phase === 'cancelled') return { kind: 'never-ran' };
  // Of a large result the document has only length and digest; an erased one is gone.
  const document = stored.disclosed.result === undefined ? undefined : readDisclosed(stored.disclosed.result);
  if (phase !== 'outcome' || document?.kind !== 'value')
    return { kind: 'lost', receipt, isUnknown: phase !== 'outcome' };
  const { value } = document;
  const result = predicate['result'];
  const isError = isJsonObject(result) && result['isError'] === true;
  const answer = isError
    ? errorAnswer(value as Parameters<typeof errorAnswer>[0])
    : ({ kind: 'value', value } as const);
  return { kind: 'ended', outcome: { invocation, answer, receipt, ...carriedIn(predicate) } };
}

function carriedIn({ labels }: { readonly [key: string]: Json }): Pick<CallOutcome, 'labels'> {
  const carries = isJsonObject(labels) ? labels['carries'] : undefined;
  return Array.isArray(carries) ? { labels: carries.map(String) } : {};
}

/** The answer to a call whose own answer is gone: it says that it ran, and where the log has it. */
export function lostOutcome(
  invocation: string,
  { receipt, isUnknown }: Extract<RecordedOutcome, { readonly kind: 'lost' }>,
): CallOutcome {
  const message = isUnknown
    ? 'the server ended while the call ran; whether it took effect is unknown'
    : 'the call ran and is recorded, but its answer was not kept';
  const remedy = `look first whether the call took effect (smcp log show ${invocation}); a new key calls again`;
  const effect = isUnknown ? { effect: 'unknown' } : {};
  return { invocation, receipt, answer: errorAnswer({ code: 'INTERRUPTED', message, details: { ...effect, remedy } }) };
}

function predicateIn(envelope: string): { readonly [key: string]: Json } {
  const { payload } = JSON.parse(envelope) as { readonly payload: string };
  const statement: Json = JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
  const predicate = isJsonObject(statement) ? statement['predicate'] : undefined;
  return isJsonObject(predicate) ? predicate : {};
}
