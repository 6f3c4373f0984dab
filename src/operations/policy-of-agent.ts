// How long a policy may be that an agent has the server work on: reading a long one keeps the host's one thread, and so a
// person's freeze, for seconds. What a person asks for is not bounded here.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Caller } from './operation.ts';

/** @throws `POLICY_INVALID` for an agent's call with a text over `LIMITS.policyOfAgentBytesMax`. */
export function checkLength({ kind }: Caller, text: string): void {
  const bytesMax = LIMITS.policyOfAgentBytesMax;
  if (kind === 'person' || Buffer.byteLength(text) <= bytesMax) return;
  throw new SmcpError('POLICY_INVALID', `an agent can only work on a policy of at most ${bytesMax} bytes`, {
    details: { remedy: 'have a person do it', findings: [] },
  });
}
