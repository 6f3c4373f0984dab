// What can be the value of a secret, and what a header can carry. Pure. No message here quotes a value or tells its length.
// **Trust:** values are an operator's, or of what an operator named; they may be anything.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

/** As in a manifest. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** **Source:** RFC 9110 §5.5, without what only obsolete senders use. */
const HEADER_VALUE = /^[\t\u0020-\u007e]*$/;

export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

/** @throws `SECRET_INVALID` for what is too short to be masked, too long, no text, or has a NUL in it */
export function checkSecretValue(name: string, value: string): string {
  const bytes = Buffer.byteLength(value);
  if (bytes < LIMITS.secretBytesMin) {
    throw invalid(name, `is shorter than ${LIMITS.secretBytesMin} bytes`, 'use a longer one: it could not be masked');
  }
  if (bytes > LIMITS.secretBytesMax) {
    throw invalid(
      name,
      `is longer than ${LIMITS.secretBytesMax} bytes`,
      'store what is long in a file, and its key here',
    );
  }
  if (!value.isWellFormed() || value.includes('\0')) {
    throw invalid(name, 'is no text, or has a NUL in it', 'give it as text: bytes as base64');
  }
  return value;
}

/** Without the one line break that editors and commands end a text with. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

/** @throws `SECRET_INVALID` for a value that would end the header, or become another one */
export function headerValue(name: string, prefix: string, value: string): string {
  const whole = `${prefix}${value}`;
  if (HEADER_VALUE.test(whole)) return whole;
  throw invalid(name, 'has characters that no header can carry', 'set a value of one line, in ASCII');
}

export function invalid(name: string, what: string, remedy: string): SmcpError {
  return new SmcpError('SECRET_INVALID', `the value of ${name} ${what}`, { details: { secret: name, remedy } });
}
