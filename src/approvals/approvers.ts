// Who may decide about a request. Pure. **Trust:** who it is, and what they signed, was settled by the door.

import type { ApprovalRequest, Approver, PersonApprover } from '#domain/approval-ports.ts';
import { hasRole, isApprover } from '#domain/person.ts';
import { approvedBefore, clientNotTrusted, mayNotApprove, needsPerson, notSigned, ownCall } from './refusals.ts';

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

function checkPerson(request: ApprovalRequest, { name, role, assertion }: PersonApprover): void {
  const { approvers, approvals = [] } = request;
  if (approvers !== undefined && !isApprover(approvers.by, { name, role })) throw needsPerson(request);
  if (approvals.some(({ by }) => by.kind === 'person' && by.name === name)) throw approvedBefore(request, name);
  if (assertion === undefined) throw notSigned(request);
}
