// Who may decide about a request. Pure. **Trust:** who it is, and what they signed, was settled by the door.

import type { ApprovalRequest, Approver, PersonApprover } from '#domain/approval-ports.ts';
import { hasRole, isApprover, type PersonName, type PersonRole } from '#domain/person.ts';
import { approvedBefore, clientNotTrusted, mayNotApprove, needsPerson, notSigned, ownCall } from './refusals.ts';

/** The role that a person has now; undefined when they are in the policy no more, or this passkey is theirs no more. */
export type RoleOf = (name: PersonName, credential: string) => PersonRole | undefined;

/**
 * The request with the approvals that still count: who approved may have been removed, or their passkey revoked, before another
 * looked at it or the call's turn came. With too few of them it waits again.
 */
export function standing(request: ApprovalRequest, roleOf: RoleOf): ApprovalRequest {
  const { state, approvals, approvers } = request;
  if (approvals === undefined || (state !== 'pending' && state !== 'approved')) return request;
  const left = approvals.filter(({ by }) => stillCounts(by, approvers, roleOf));
  if (left.length === approvals.length) return request;
  if (state === 'pending' || left.length >= (approvers?.needed ?? 1)) return { ...request, approvals: left };
  const { decision: _, ...undecided } = request;
  return { ...undecided, state: 'pending', approvals: left };
}

function stillCounts(by: Approver, approvers: ApprovalRequest['approvers'], roleOf: RoleOf): boolean {
  if (by.kind !== 'person') return approvers === undefined;
  const role = roleOf(by.name, by.assertion?.credential ?? '');
  if (role === undefined) return false;
  return approvers === undefined ? hasRole(role, 'approver') : isApprover(approvers.by, { name: by.name, role });
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
 * That who has signed was not shut out while their decision waited for another one: no record is to say that they approved.
 *
 * @throws `ROLE_NEEDED`
 */
export function checkStillThere(by: Approver, roleOf: RoleOf): void {
  if (by.kind !== 'person' || by.assertion === undefined) return;
  const role = roleOf(by.name, by.assertion.credential);
  if (role === undefined || !hasRole(role, 'approver')) throw mayNotApprove(by.name, role ?? 'nobody by now');
}

function checkPerson(request: ApprovalRequest, { name, role, assertion }: PersonApprover): void {
  const { approvers, approvals = [] } = request;
  if (approvers !== undefined && !isApprover(approvers.by, { name, role })) throw needsPerson(request);
  if (approvals.some(({ by }) => by.kind === 'person' && by.name === name)) throw approvedBefore(request, name);
  if (assertion === undefined) throw notSigned(request);
}
