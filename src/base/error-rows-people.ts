// Rows of the error table on people, their passkeys and the console. Part of ERRORS (error-table.ts), by which everything else reads them.

import { row } from './error-row.ts';

export const PEOPLE_ERRORS = {
  SIGN_IN_NEEDED: row('denied', -32001, 401, false, 'Nobody is signed in here, or the session has ended.'),
  PASSKEY_REFUSED: row(
    'denied',
    -32001,
    403,
    false,
    'The passkey, or what it signed, does not count; the message says why.',
  ),
  PASSKEYS_FULL: row('limit', -32006, 429, false, 'The person has as many passkeys as one may have.'),
  PASSKEY_UNKNOWN: row('invalid', -32602, 404, false, 'The person has no such passkey.'),
  PERSON_UNKNOWN: row('invalid', -32602, 404, false, 'The policy names no such person.'),
  INVITE_INVALID: row('denied', -32001, 403, false, 'The link to enrol was used, has expired, or never was one.'),
  ROLE_NEEDED: row('denied', -32001, 403, false, "The person's role in the policy does not give this."),
  APPROVAL_NEEDS_PERSON: row(
    'denied',
    -32001,
    403,
    false,
    'The grant names who approves, each with a passkey on the console; whoever tried is none of them.',
  ),
  TOO_MANY_ATTEMPTS: row('limit', -32006, 429, true, 'Too many attempts to sign in or enrol have failed from there.'),
  CONSOLE_ELSEWHERE: row(
    'invalid',
    -32602,
    421,
    false,
    'The console is asked for under another name: passkeys are for one.',
  ),
  CONFIRMATION_NEEDED: row(
    'denied',
    -32001,
    403,
    false,
    'The policy wants a person of the role admin to sign for this on the console; it waits there, and is done then.',
  ),
  ACT_UNKNOWN: row('invalid', -32602, 404, false, 'Nothing with this id waits to be confirmed.'),
  ACT_CHANGED: row('invalid', -32602, 409, false, 'What was to be confirmed would do something else by now.'),
  ACTS_FULL: row('limit', -32006, 429, true, 'As many acts wait to be confirmed as may.'),
} as const;
