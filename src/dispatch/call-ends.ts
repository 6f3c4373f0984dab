// Small questions about calls that stand in the book, and the reasons for which they end. Used by the dispatcher only. Pure.

import { SmcpError } from '#base/errors.ts';
import type { AgentName } from '#domain/agent.ts';
import type { LaneName, Lineage } from '#domain/invocation.ts';
import type { Tool } from '#domain/tool.ts';
import type { Admitted } from './admitted.ts';
import { type BookEntry, endCall } from './call-book.ts';

export function lineageBelow({ admitted: { invocation, tool, lineage } }: BookEntry): Lineage {
  return { parent: invocation, chain: [...(lineage?.chain ?? []), tool.name] };
}

/** Why the call ended that made this one; undefined where none did, or it ended by itself. */
export function endedWith({ parent }: BookEntry): SmcpError | undefined {
  const reason: unknown = parent?.controller.signal.reason;
  return reason instanceof SmcpError ? reason : undefined;
}

export function msLeftOf(parent: BookEntry | undefined, nowMs: number): number | undefined {
  if (parent?.endsMs === undefined) return undefined;
  return Math.max(1, Math.floor(parent.endsMs - nowMs));
}

export function isStop(tool: Tool): boolean {
  return tool.kind === 'admin' && tool.isStop;
}

export function laneOf({ tool }: Admitted): LaneName {
  return tool.kind === 'admin' ? 'control' : 'main';
}

export function flush(entries: readonly BookEntry[], agent: AgentName | undefined): number {
  const ended = entries.filter(
    ({ lane, state, admitted }) =>
      lane === 'main' && state !== 'running' && (agent === undefined || admitted.request.agent === agent),
  );
  for (const entry of ended) endCall(entry, cancelledBy('an operator, with all that waited'));
  return ended.length;
}

export function asReason({ code, message, details }: ReturnType<SmcpError['toWire']>): SmcpError {
  return new SmcpError(code, message, details === undefined ? {} : { details });
}

export function cancelledByCaller({ state }: BookEntry): SmcpError {
  return new SmcpError(
    'CANCELLED',
    state === 'running' ? 'the call was cancelled while it ran' : 'the call was cancelled before its turn came',
  );
}

export function cancelledBy(whom: string): SmcpError {
  return new SmcpError('CANCELLED', `the call was cancelled by ${whom}`);
}

export function callUnknown(): SmcpError {
  return new SmcpError('CALL_UNKNOWN', 'no call that waits or runs has this id', {
    details: { remedy: 'see smcp queue; a call that has ended is in the log: smcp log show ID' },
  });
}
