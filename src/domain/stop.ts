// What is said of a stop whose record could not be written: it is in force all the same. Used by whatever carries stops out.

import { SmcpError } from '#base/errors.ts';

/** The error in place of the answer to a stop that was done. */
export function unrecordedStop(cause: unknown): SmcpError {
  return new SmcpError('LOG_UNAVAILABLE', 'it was stopped, but no record of that could be written', {
    cause,
    details: { isDone: true, remedy: 'look at the disk of the home; the stop is in force' },
  });
}
