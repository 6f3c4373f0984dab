// Rows of the error table on doors and tokens. Part of ERRORS (error-table.ts), by which everything else reads them.

import { row } from './error-row.ts';

export const IDENTITY_ERRORS = {
  SELF_TEST_FAILED: row(
    'unavailable',
    -32003,
    503,
    false,
    'At the start a door let something through that it must refuse, so nothing is served.',
  ),
  INSUFFICIENT_SCOPE: row(
    'denied',
    -32001,
    403,
    false,
    "The token's scopes, or those of a token above it, leave this out; the policy was not asked.",
  ),
  TOKENS_FULL: row(
    'limit',
    -32006,
    429,
    true,
    "As many tokens of an agent's sub-agents are good as may be, they are asked for too often, or their chain is too deep.",
  ),
  ISSUER_UNAVAILABLE: row(
    'unavailable',
    -32003,
    503,
    true,
    'The keys of the issuer of signed tokens can not be had, so no token of it is taken.',
  ),
} as const;
