// What a call would be told at its admission, without a record and without running it. For the self-test of the start only: it takes the
// dispatcher's own way in, so that what it finds holds for every door.

import type { ErrorCode } from '#base/errors.ts';
import type { CallRequest } from '#domain/invocation.ts';
import { createAdmission } from './admission.ts';
import type { CloseCall } from './closer.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';

/** The code that refuses the call at its admission; undefined: it would be let in. Nothing is recorded, counted or run. */
export type Rehearsal = (request: CallRequest) => Promise<ErrorCode | undefined>;

export function createRehearsal(ports: DispatcherPorts): Rehearsal {
  const closeUnrecorded: CloseCall = async (_phase, { invocation }, answer) => ({ invocation, answer });
  const admission = createAdmission(ports, closeUnrecorded);
  return async (request) => {
    const result = await admission.admit(request);
    if (result.kind === 'admitted') return undefined;
    const { answer } = result.outcome;
    return answer.kind === 'error' ? answer.error.code : undefined;
  };
}
