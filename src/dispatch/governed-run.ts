// What every run has, whatever runs: its decision, its signal, its intent, its closing.

import type { Permission } from '#domain/approval-ports.ts';
import type { CallOutcome, Receipt, ToolAnswer } from '#domain/invocation.ts';
import type { Tool } from '#domain/tool.ts';
import type { Admitted } from './admitted.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { type ClosingParts, type ClosingPhase, predicateOf, type Start } from './predicate.ts';

export type GovernedRun<T extends Tool = Tool> = {
  readonly admitted: Admitted<T>;
  readonly decision: Permission;
  /** When its turn came: the time of the decision, and of what it took from limits. */
  readonly startedMs: number;
  readonly signal: AbortSignal;
  /** What is left of the time of the call that made this one, at least 1; undefined: it has only its own limits. */
  readonly msLeft: () => number | undefined;
  /** Called when the tool begins, with the time that it has. */
  readonly onBegin: (timeoutMs: number) => void;
  /** Called when the tool has ended, before the outcome is on disk. */
  readonly onRan: () => void;
  readonly close: (phase: ClosingPhase, answer: ToolAnswer, parts: ClosingParts) => Promise<CallOutcome>;
};

/** The intent of what is not pure, before anything runs. **Durability:** on disk when it resolves. */
export async function announce(
  { log }: DispatcherPorts,
  { admitted }: GovernedRun,
  start: Start,
): Promise<Receipt | undefined> {
  if (admitted.tool.effect === 'pure') return undefined;
  return log.append({
    kind: 'invocation',
    predicate: predicateOf('intent', admitted, { start, inForce: start.decision.policy }),
    args: admitted.args,
  });
}
