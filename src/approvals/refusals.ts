// Why a request for approval is refused, or a decision about one. Each says what a person, or the agent, can do. Pure.

import { rfc3339 } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { type ApprovalRequest, describeApprover } from '#domain/approval-ports.ts';

/** The same for an id that nobody has and for another agent's: ids tell nothing. */
export function unknownRequest(): SmcpError {
  return new SmcpError('APPROVAL_UNKNOWN', 'no request for approval has this id', {
    details: { remedy: 'make the same call again without an id: it asks anew' },
  });
}

export function isForAnotherCall(id: string): SmcpError {
  return new SmcpError(
    'APPROVAL_MISMATCH',
    `the request ${id} is for another call: an approval is for one call exactly`,
    {
      details: {
        id,
        remedy:
          'call with the arguments that were approved; where the tool or the rule was changed, call without an id: it asks anew',
      },
    },
  );
}

export function anotherDigest({ id }: ApprovalRequest): SmcpError {
  return new SmcpError('APPROVAL_MISMATCH', `the digest is not that of the request ${id}`, {
    details: { id, remedy: `look at it again: smcp approvals show ${id}` },
  });
}

/** Why a request that is over, or still waits, lets no call through. `origin`: of the console, where it is known. */
export function notApproved(request: ApprovalRequest, origin = ''): SmcpError {
  switch (request.state) {
    case 'denied':
      return denied(request);
    case 'expired':
      return expired(request);
    case 'pending':
      return pendingRequest(request, origin);
    default:
      return used(request);
  }
}

function pendingRequest({ id, expiresMs, approvers, lost = [] }: ApprovalRequest, origin: string): SmcpError {
  const before = lost.map(({ by, why }) => `; the approval of ${by} counts no more: ${why}`).join('');
  return new SmcpError('APPROVAL_PENDING', `a person has to approve this call first: request ${id}${before}`, {
    details: {
      id,
      expiresAt: rfc3339(expiresMs),
      ...(lost.length === 0 ? {} : { lost: lost.map((one) => ({ ...one })) }),
      remedy: `tell the person: ${howToApprove(id, approvers, origin)}\nthen make the same call again`,
    },
  });
}

function howToApprove(id: string, approvers: ApprovalRequest['approvers'], origin: string): string {
  if (approvers === undefined) return `smcp approvals approve ${id}`;
  const { by, needed } = approvers;
  return `${origin}/console/approvals#${id} (${needed === 1 ? 'one' : needed} of ${by.join(', ')})`;
}

function denied({ id, decision, endedMs = 0 }: ApprovalRequest): SmcpError {
  const by = decision === undefined ? '' : ` by ${describeApprover(decision.by)}`;
  const why = decision?.why === undefined ? '' : `: ${decision.why}`;
  return new SmcpError('APPROVAL_DENIED', `this call was denied${by}${why}`, {
    details: {
      id,
      ...(decision?.why === undefined ? {} : { why: decision.why }),
      askAgainAt: rfc3339(endedMs + LIMITS.approvalDenialMs),
      remedy: 'tell the person why it is needed; do not work around it',
    },
  });
}

function expired({ id, decision }: ApprovalRequest): SmcpError {
  const what = decision === undefined ? 'nobody decided in time' : 'the approval was not used in time';
  return new SmcpError('APPROVAL_EXPIRED', `${what}: request ${id}`, {
    details: { id, remedy: 'make the same call again without an id: it asks anew' },
  });
}

function used({ id }: ApprovalRequest): SmcpError {
  return new SmcpError('APPROVAL_USED', `the approval ${id} was for one call, which has used it`, {
    details: { id, remedy: 'make the same call again without an id: it asks anew' },
  });
}

export function requestsFull(whose: string, countMax: number): SmcpError {
  return new SmcpError('APPROVALS_FULL', `${whose} has ${countMax} requests for approval that wait, and no more may`, {
    details: { retryAfterMs: 60_000, remedy: 'have a person decide about them: smcp approvals' },
  });
}

/** Denials that hold, and approvals that wait for their call: whoever decides for an agent in a loop fills no disk. */
export function decisionsFull(countMax: number): SmcpError {
  return new SmcpError(
    'APPROVALS_FULL',
    `the agent has ${countMax} requests for approval that are kept, and no more may`,
    {
      details: {
        retryAfterMs: LIMITS.approvalDenialMs,
        remedy: 'make the calls that were approved; what was denied is kept for 15 minutes',
      },
    },
  );
}

/** The first decision counts. */
export function decidedAlready({ id, state, decision }: ApprovalRequest): SmcpError {
  const who = decision === undefined ? '' : `, by ${describeApprover(decision.by)}`;
  return new SmcpError('APPROVAL_DECIDED', `the request ${id} is ${state} already${who}`, {
    details: {
      id,
      state,
      ...(decision === undefined ? {} : { by: describeApprover(decision.by), at: rfc3339(decision.atMs) }),
      remedy: 'see smcp approvals',
    },
  });
}

export function ownCall(): SmcpError {
  return new SmcpError('APPROVAL_OWN', 'no agent decides about a call of its own', {
    details: { remedy: 'have a person decide: smcp approvals' },
  });
}

export function clientNotTrusted(): SmcpError {
  return new SmcpError('APPROVAL_OWN', "the grant does not trust the agent's own client to approve", {
    details: { remedy: 'have a person decide: smcp approvals\nor set approval: {trustClient: true} in the grant' },
  });
}

/** `by`, `needed`: as the rule that asks says it. */
export function needsPerson({ id, approvers, approvals = [] }: ApprovalRequest): SmcpError {
  const { by = [], needed = 1 } = approvers ?? {};
  const who = `${needed === 1 ? 'one' : needed} of ${by.join(', ')}`;
  return new SmcpError('APPROVAL_NEEDS_PERSON', `${who} has to approve the request ${id}, each with a passkey`, {
    details: {
      ...{ id, by: [...by], needed, approved: approvals.map((one) => describeApprover(one.by)) },
      remedy: 'they do it on the console, at /console/approvals; links to enrol a passkey: smcp person invite NAME',
    },
  });
}

export function approvedBefore({ id, approvers }: ApprovalRequest, name: string): SmcpError {
  const needed = approvers?.needed ?? 1;
  return new SmcpError(
    'APPROVAL_NEEDS_PERSON',
    `${name} has approved the request ${id}; ${needed} different people have to`,
    {
      details: { id, remedy: 'have somebody else look at it on the console: /console/approvals' },
    },
  );
}

export function notSigned({ id }: ApprovalRequest): SmcpError {
  return new SmcpError('PASSKEY_REFUSED', `nothing was signed for the request ${id}`, {
    details: { id, remedy: 'approve it on the console, with your passkey' },
  });
}

/** `why`: a clause; absent: it is for the role that they have. */
export function mayNotApprove(name: string, role: string, why?: string): SmcpError {
  return new SmcpError('ROLE_NEEDED', why ?? `${name} is ${role}; to decide takes the role approver`, {
    details: { remedy: 'have somebody decide who is approver or admin under people in the policy' },
  });
}

/** `why`: a clause that says what is in the way. */
export function mayNotGive({ id, agent }: ApprovalRequest, by: string, why: string): SmcpError {
  return new SmcpError('APPROVAL_NEEDS_PERSON', `${by} can not approve the request ${id} of ${agent}: ${why}`, {
    details: {
      id,
      remedy: `have a person look at it: smcp approvals approve ${id}\nor on the console, at /console/approvals`,
    },
  });
}
