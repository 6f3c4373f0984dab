// What records must say of approvals: a call that was let through by one names its record, which is for the same agent and
// tool, and no other call does; where several people were needed, each approved the same statement. Used by history.ts.

import type { Receipt } from '#domain/invocation.ts';
import type { ApprovalPredicate, InvocationPredicate } from '#domain/record.ts';
import { createPeopleHistory } from './people-history.ts';
import type { Statement } from './statement.ts';

export type ApprovalHistory = {
  /** Takes note of a decision; what is wrong with it, else undefined. Its predicate fits the schema. */
  readonly decided: (statement: Statement, record: Receipt) => string | undefined;
  /** Takes note of a passkey that came or went; what is wrong with that, else undefined. */
  readonly personChanged: (statement: Statement, record: Receipt) => string | undefined;
  /** What is wrong with what a person signed for; undefined when nothing is. */
  readonly actProblem: (statement: Statement) => string | undefined;
  /** What is wrong with the approval that a call names; undefined when nothing is, or it names none. */
  readonly problem: (predicate: InvocationPredicate) => string | undefined;
};

type Approved = ApprovalPredicate & { readonly leaf: string; readonly statement: string; usedBy?: string };

/** Keeps what was approved, by index. */
export function createApprovalHistory(): ApprovalHistory {
  const approved = new Map<number, Approved>();
  const people = createPeopleHistory();

  /** Each before it is of another person, about the same statement. */
  const othersProblem = ({ approvers, by, approval }: ApprovalPredicate, statement: string): string | undefined => {
    const names = new Set([by.name]);
    for (const { index, leaf } of approvers?.before ?? []) {
      const other = approved.get(index);
      if (other?.leaf !== leaf || other.approval !== approval || other.statement !== statement) {
        return 'an approval that it counts was not given before, for the same call';
      }
      if (names.has(other.by.name)) return 'one person is counted twice';
      if (other.approvers?.needed !== approvers?.needed)
        return 'an approval that it counts was given under another rule';
      names.add(other.by.name);
    }
    return undefined;
  };

  return {
    personChanged: people.changed,
    actProblem: people.actProblem,
    decided: (statement, { index, leaf }) => {
      const decision = statement.predicate as unknown as ApprovalPredicate;
      const digest = statement.subjects.get('statement') ?? '';
      const wrong = people.approvalProblem(statement) ?? othersProblem(decision, digest);
      if (wrong === undefined && decision.decision === 'approved') {
        approved.set(index, { ...decision, leaf, statement: digest });
      }
      return wrong;
    },
    problem: ({ invocation, agent, tool, policy: { approval } }) => {
      if (approval?.record === undefined) return undefined;
      const { index, leaf } = approval.record;
      const named = approved.get(index);
      if (named?.leaf !== leaf || named.approval !== approval.id)
        return 'the approval that it names was not given before';
      if (named.agent !== agent || named.tool !== tool.name) return 'the approval that it names is for another call';
      if (named.approvers !== undefined && named.approvers.before.length + 1 < named.approvers.needed)
        return 'fewer people approved it than had to';
      if (named.usedBy !== undefined && named.usedBy !== invocation)
        return 'the approval that it names was used before';
      named.usedBy = invocation;
      return undefined;
    },
  };
}
