// What a call takes from the counters of its limits: once its turn has come, and back again if it did not run. Used by the dispatcher.

import type { ToolAnswer, UsedCapability } from '#domain/invocation.ts';
import type { Taken } from '#domain/usage.ts';
import type { BookEntry } from './call-book.ts';
import type { ClosingParts, ClosingPhase } from './predicate.ts';

/** Before the record that ends the call, so that it is on disk with that. */
export function count(taken: Taken, phase: ClosingPhase, answer: ToolAnswer, { used = [], usage }: ClosingParts): void {
  // A call that is cancelled while it runs is closed as `outcome` or `unknown`: it has taken what it took.
  if (phase === 'cancelled') taken.giveBack();
  else taken.settle(() => movedBytes(answer, used), usage?.costMicros);
}

function movedBytes(answer: ToolAnswer, used: readonly UsedCapability[]): number {
  const value = answer.kind === 'value' ? answer.value : answer.error;
  return used.reduce((sum, { bytes }) => sum + bytes, Buffer.byteLength(JSON.stringify(value)));
}

/** Keys of the running calls that those above it hold: a call that a tool makes runs in the place of its tool's own. */
export function heldAbove({ parent }: BookEntry): readonly string[] {
  return parent === undefined ? [] : [...(parent.taken?.held ?? []), ...heldAbove(parent)];
}
