// Why the self-test of the start was not passed. Used by those who try a door.

import { SmcpError } from '#base/errors.ts';

const REMEDY =
  'install the release anew (npm ci), look at what changes the server from outside (NODE_OPTIONS, a preload), and report it';

/** @param what what it did, after its name: `answered 200 to …` */
export function failed(where: string, what: string, sent?: string): SmcpError {
  return new SmcpError('SELF_TEST_FAILED', `${where} ${what}; nothing is served`, {
    details: { where, ...(sent === undefined ? {} : { sent }), remedy: REMEDY },
  });
}
