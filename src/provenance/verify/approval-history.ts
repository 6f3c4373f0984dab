// What records must say of approvals: a call that was let through by one names its record, which is for the same agent and
// tool, and no other call does. Used by history.ts.

import type { JsonObject } from '#base/json.ts';
import type { Receipt } from '#domain/invocation.ts';
import type { ApprovalPredicate, InvocationPredicate } from '#domain/record.ts';

export type ApprovalHistory = {
  /** Takes note of a decision. Its predicate fits the schema. */
  readonly decided: (predicate: JsonObject, record: Receipt) => void;
  /** What is wrong with the approval that a call names; undefined when nothing is, or it names none. */
  readonly problem: (predicate: InvocationPredicate) => string | undefined;
};

type Approved = ApprovalPredicate & { readonly leaf: string; usedBy?: string };

/** Keeps what was approved, by index. */
export function createApprovalHistory(): ApprovalHistory {
  const approved = new Map<number, Approved>();
  return {
    decided: (predicate, { index, leaf }) => {
      const decision = predicate as unknown as ApprovalPredicate;
      if (decision.decision === 'approved') approved.set(index, { ...decision, leaf });
    },
    problem: ({ invocation, agent, tool, policy: { approval } }) => {
      if (approval?.record === undefined) return undefined;
      const { index, leaf } = approval.record;
      const named = approved.get(index);
      if (named?.leaf !== leaf || named.approval !== approval.id)
        return 'the approval that it names was not given before';
      if (named.agent !== agent || named.tool !== tool.name) return 'the approval that it names is for another call';
      if (named.usedBy !== undefined && named.usedBy !== invocation)
        return 'the approval that it names was used before';
      named.usedBy = invocation;
      return undefined;
    },
  };
}
