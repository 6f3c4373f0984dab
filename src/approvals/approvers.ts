// Who may decide about a request, and whose approval of it still counts. Pure. **Trust:** who it is, and what they signed, was settled by
// the door.

import { type ApprovalRequest, type Approver, describeApprover, type PersonApprover } from '#domain/approval-ports.ts';
import { hasRole, isApprover } from '#domain/person.ts';
import type { Givers } from './givers.ts';
import {
  approvedBefore,
  clientNotTrusted,
  mayNotApprove,
  mayNotGive,
  needsPerson,
  notSigned,
  ownCall,
} from './refusals.ts';

/**
 * The request with the approvals that still count: who approved may have been removed, frozen or shut out before another looked at it or
 * the call's turn came. With too few of them it waits again, and says why.
 */
export function standing(request: ApprovalRequest, givers: Givers): ApprovalRequest {
  const { state, approvals, approvers } = request;
  if (approvals === undefined || (state !== 'pending' && state !== 'approved')) return request;
  const found = approvals.map((one) => ({ one, why: givers.problem(one.by, request) }));
  const left = found.filter(({ why }) => why === undefined).map(({ one }) => one);
  if (left.length === approvals.length) return request;
  const lost = found.flatMap(({ one, why }) => (why === undefined ? [] : [{ by: describeApprover(one.by), why }]));
  const present = { approvals: left, lost: [...(request.lost ?? []), ...lost] };
  if (state === 'pending' || left.length >= (approvers?.needed ?? 1)) return { ...request, ...present };
  const { decision: _, ...undecided } = request;
  return { ...undecided, state: 'pending', ...present };
}

/**
 * Anybody who may approve anything may deny: that opens nothing.
 *
 * @throws `APPROVAL_OWN` · `APPROVAL_NEEDS_PERSON` · `ROLE_NEEDED` · `PASSKEY_REFUSED`
 */
export function checkApprover(request: ApprovalRequest, decision: 'approved' | 'denied', by: Approver): void {
  if (by.kind === 'agent' && by.name === request.agent) throw ownCall();
  if (by.kind === 'client' && (by.name !== request.agent || !request.trustsClient)) throw clientNotTrusted();
  if (by.kind === 'person' && !hasRole(by.role, 'approver')) throw mayNotApprove(by.name, by.role);
  if (decision === 'denied') return;
  if (by.kind === 'person') checkPerson(request, by);
  else if (request.approvers !== undefined) throw needsPerson(request);
}

/**
 * That who approves was not shut out while their decision waited for another one, and is one who might: no record is to say that they
 * approved.
 *
 * @throws `ROLE_NEEDED` for a person · `APPROVAL_NEEDS_PERSON` for others
 */
export function checkMightGive(request: ApprovalRequest, by: Approver, givers: Givers): void {
  const why = givers.problem(by, request);
  if (why === undefined) return;
  throw by.kind === 'person' ? mayNotApprove(by.name, by.role, why) : mayNotGive(request, describeApprover(by), why);
}

function checkPerson(request: ApprovalRequest, { name, role, assertion }: PersonApprover): void {
  const { approvers, approvals = [] } = request;
  if (approvers !== undefined && !isApprover(approvers.by, { name, role })) throw needsPerson(request);
  if (approvals.some(({ by }) => by.kind === 'person' && by.name === name)) throw approvedBefore(request, name);
  if (assertion === undefined) throw notSigned(request);
}
