// Writes the record that ends a call, then gives its answer. No answer leaves before its record is on disk.

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

export function createCloser({ log, clock }: Pick<DispatcherPorts, 'log' | 'clock'>): Closer {
  return {
    close: async (phase, admission, answer, parts) => {
      const { args, strayArgs } = admission.request;
      const value: Json = answer.kind === 'value' ? answer.value : answer.error;
      const result = {
        isError: answer.kind === 'error',
        bytes: Buffer.byteLength(JSON.stringify(value)),
        class: answer.kind === 'value' ? 'value' : answer.error.code,
      };
      const receipt = await log.append({
        kind: 'invocation',
        predicate: predicateOf(phase, admission, { ...parts, ending: { endedMs: clock.nowMs(), result } }),
        args: strayArgs === undefined ? args : strayArgs,
        result: value,
      });
      return { invocation: admission.invocation, answer, receipt };
    },
    hasRun: (phase, { hasDoneNothing }) => (phase === 'outcome' || phase === 'unknown') && hasDoneNothing !== true,
  };
}
