// How a request fails: as values that a plugin may see. Called by the effect `net`, and by the broker for what it makes of answers. No
// text of a server, no header and no address is in them.

import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

/**
 * `name`: leads to no address · `connect`: nobody takes the connection · `tls`: its certificate or protocol is not good ·
 * `timeout` · `answer`: broken, or coded · `redirect`: one that is not followed.
 */
export type FetchFailure = 'name' | 'connect' | 'tls' | 'timeout' | 'answer' | 'redirect';

const REMEDIES: Readonly<Record<FetchFailure, string>> = {
  name: 'see that the name is right, and that the server’s machine can look it up',
  connect: 'see that a server listens at this host and port, and try again',
  tls: 'a certificate of your own authority is trusted where the server was started with NODE_EXTRA_CA_CERTS',
  timeout: 'try again later, or ask for less',
  answer: 'the server has to answer in HTTP/1.1, uncompressed',
  redirect: 'take `redirect: "manual"`, and ask at the other place yourself',
};

export function fetchFailed(reason: FetchFailure, message: string, cause?: unknown): SmcpError {
  const details = { reason, remedy: REMEDIES[reason] };
  return new SmcpError('FETCH_FAILED', message, { details, ...(cause === undefined ? {} : { cause }) });
}

export function answerTooLarge(what: string, details: { readonly [bound: string]: number }): SmcpError {
  return new SmcpError('ANSWER_TOO_LARGE', `${what} is larger than it may be`, {
    details: { ...details, remedy: 'ask the server for less: a page, a range, fewer fields' },
  });
}

export const bodyTooLarge = (): SmcpError => answerTooLarge('the answer', { bytesMax: LIMITS.netAnswerBytesMax });

export const headTooLarge = (): SmcpError =>
  answerTooLarge('the head of the answer', { bytesMax: LIMITS.netAnswerHeaderBytesMax });

/** What ended it: the caller, the time, or `otherwise`. */
export function endedBy(signal: AbortSignal, otherwise: () => SmcpError): SmcpError {
  if (!signal.aborted) return otherwise();
  const { reason } = signal;
  if (reason instanceof SmcpError) return reason;
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError';
  if (isTimeout) return fetchFailed('timeout', 'the request took longer than it may');
  return new SmcpError('CANCELLED', 'the call is being ended');
}

/** The system's own word for it (`ECONNREFUSED`), for a log. */
export function wordOf(thrown: unknown): string {
  return systemErrorCode(thrown) ?? 'unknown';
}
