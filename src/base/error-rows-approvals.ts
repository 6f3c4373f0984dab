// Rows of the error table on approvals of calls. Part of ERRORS (error-table.ts), by which everything else reads them.

import { row } from './error-row.ts';

export const APPROVAL_ERRORS = {
  APPROVAL_PENDING: row(
    'unavailable',
    -32003,
    503,
    true,
    'The call waits for a person to approve it; the same call again, or its id in `_meta["smcp/approval"]`, uses the approval.',
  ),
  APPROVAL_DENIED: row(
    'denied',
    -32001,
    403,
    false,
    'A person refused this call; for a while the same one is refused without asking again.',
  ),
  APPROVAL_EXPIRED: row('denied', -32001, 403, false, 'The time in which the call could be approved, or run, is over.'),
  APPROVAL_USED: row('denied', -32001, 403, false, 'The approval was for one call, and one has used it.'),
  APPROVAL_UNKNOWN: row('invalid', -32602, 404, false, 'No request for approval has this id.'),
  APPROVAL_MISMATCH: row(
    'denied',
    -32001,
    403,
    false,
    'The approval is for another call, or the digest for another request.',
  ),
  APPROVAL_DECIDED: row('invalid', -32602, 409, false, 'Somebody else has decided about this request.'),
  APPROVAL_OWN: row(
    'denied',
    -32001,
    403,
    false,
    'An agent decides about no call of its own, nor its client unless the grant trusts it.',
  ),
  NOTIFY_FAILED: row(
    'unavailable',
    -32003,
    503,
    false,
    'Nobody could be told of something; it stands in the log only.',
  ),
  NOTIFY_TARGET_UNKNOWN: row('invalid', -32602, 404, false, 'No target of notices has this name.'),
  APPROVALS_FULL: row('limit', -32006, 429, true, 'As many requests for approval wait as may.'),
} as const;
