// The rows of the error table on secrets. Part of ERRORS (error-table.ts).

import { type ErrorRow, row } from './error-row.ts';

export const SECRET_ERRORS = {
  SECRET_MISSING: row('invalid', -32602, 404, false, 'A secret of this name is not set.'),
  SECRET_INVALID: row(
    'invalid',
    -32602,
    400,
    false,
    "A value can't be that of a secret, or can't go where it is asked to: too short to be masked, too long, no text.",
  ),
  SECRET_UNAVAILABLE: row(
    'unavailable',
    -32003,
    503,
    true,
    'The source of a secret does not give it, or the key of the stored secrets is missing or another one.',
  ),
  SECRET_TAMPERED: row(
    'tampered',
    -32005,
    500,
    false,
    'A stored secret does not open: its row was cut, changed or put in the place of another.',
  ),
} as const satisfies Record<string, ErrorRow>;
