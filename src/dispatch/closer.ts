// Writes the record that ends a call, then gives its answer. No answer leaves before its record is on disk.

import type { ExactJson } from '#base/exact-json.ts';
import type { Json } from '#base/json.ts';
import type { CallOutcome, ToolAnswer } from '#domain/invocation.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { type Admission, type ClosingParts, type ClosingPhase, predicateOf } from './predicate.ts';

/** **Durability:** the record is on disk when it resolves. @throws `LOG_UNAVAILABLE`: the answer is withheld. */
export type CloseCall = (
  phase: ClosingPhase,
  admission: Admission,
  answer: ToolAnswer,
  parts: ClosingParts,
) => Promise<CallOutcome>;

export type Closer = {
  readonly close: CloseCall;
  /** Whether the tool may have done something, so that the same call must not be made twice. */
  readonly hasRun: (phase: ClosingPhase, parts: ClosingParts) => boolean;
};

export function createCloser({ log, policy, clock }: Pick<DispatcherPorts, 'log' | 'policy' | 'clock'>): Closer {
  return {
    close: async (phase, admission, answer, parts) => {
      const { strayArgs } = admission.request;
      // Before the answer leaves, whatever it says.
      admission.labels.settle();
      const labels = admission.labels.carried();
      // What was asked and answered is kept once, with the record that a replay names.
      const isKept = phase !== 'replayed';
      const value: ExactJson = answer.kind === 'value' ? answer.value : answer.error;
      const result = {
        isError: answer.kind === 'error',
        bytes: Buffer.byteLength(JSON.stringify(value)),
        class: answer.kind === 'value' ? 'value' : answer.error.code,
      };
      const receipt = await log.append({
        kind: 'invocation',
        // Asked in the turn of the append: the log has the record of this policy before, and that of the next one after it.
        predicate: predicateOf(phase, admission, {
          ...parts,
          inForce: policy.current(),
          ending: { endedMs: clock.nowMs(), result },
        }),
        ...(isKept ? { args: strayArgs === undefined ? admission.args : strayArgs, result: value } : {}),
        ...(isKept && parts.transcript !== undefined ? { transcript: parts.transcript as unknown as Json } : {}),
      });
      return { invocation: admission.invocation, answer, receipt, ...(labels.length === 0 ? {} : { labels }) };
    },
    hasRun: (phase, { hasDoneNothing }) => (phase === 'outcome' || phase === 'unknown') && hasDoneNothing !== true,
  };
}
