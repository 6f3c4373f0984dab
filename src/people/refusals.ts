// Why a person, a passkey or a link is refused. Each says what a person can do. Pure.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';

export function signInNeeded(): SmcpError {
  return new SmcpError('SIGN_IN_NEEDED', 'nobody is signed in here, or the session has ended', {
    details: { remedy: 'sign in again with your passkey' },
  });
}

/** `problem`: a sentence without its end. */
export function passkeyRefused(problem: string): SmcpError {
  return new SmcpError('PASSKEY_REFUSED', problem, {
    details: { remedy: 'try again with the passkey that you enrolled here; a new link: smcp person invite NAME' },
  });
}

/** The same for one that was used, has expired, was replaced or never was. */
export function inviteInvalid(): SmcpError {
  return new SmcpError('INVITE_INVALID', 'the link was used, has expired, or was replaced by a newer one', {
    details: { remedy: 'have a new one made: smcp person invite NAME' },
  });
}

export function personUnknown(name: string, known: readonly string[]): SmcpError {
  const near = nearest(name, known);
  const add = `add to the policy:\npeople:\n  ${name}: { role: approver }`;
  return new SmcpError('PERSON_UNKNOWN', `the policy names no person ${JSON.stringify(name)}`, {
    details: { remedy: near === undefined ? add : `did you mean ${near}?` },
  });
}

export function passkeyUnknown(name: string): SmcpError {
  return new SmcpError('PASSKEY_UNKNOWN', `${name} has no such passkey, or it was revoked`, {
    details: { remedy: 'see smcp person list' },
  });
}

export function passkeysFull(name: string): SmcpError {
  return new SmcpError('PASSKEYS_FULL', `${name} has ${LIMITS.passkeysPerPersonMax} passkeys, and no more may`, {
    details: { remedy: `revoke one: smcp person revoke ${name} CREDENTIAL` },
  });
}

export function tooManyAttempts(retryAfterMs: number): SmcpError {
  return new SmcpError('TOO_MANY_ATTEMPTS', 'too many attempts from there have failed', {
    details: { retryAfterMs, remedy: 'wait a minute and try again' },
  });
}
