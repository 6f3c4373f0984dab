// What an issuer answers, as text. **Trust:** the address is a person's, or of a document that the issuer published; every byte of the answer is
// the issuer's, or of whoever answers in its place: it is bounded in size and time, and redirects are not followed.

import { readBody } from '#base/bounded-body.ts';
import { SmcpError } from '#base/errors.ts';

export type FetchBounds = {
  /** Ends it, however far it came. */
  readonly signal: AbortSignal;
  readonly bytesMax: number;
};

/** `absent`: it says that nothing is there, or that it is elsewhere. */
export type FetchedText = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'absent' };

/** @throws `ISSUER_UNAVAILABLE` when it can't be said what is there */
export async function fetchText(uri: string, { signal, bytesMax }: FetchBounds): Promise<FetchedText> {
  try {
    const answer = await fetch(uri, { redirect: 'manual', signal, headers: { accept: 'application/json' } });
    if (answer.status !== 200) {
      await answer.body?.cancel();
      if (answer.status < 300 || answer.status >= 500 || answer.status === TOO_MANY) {
        throw unavailable(`answered ${answer.status}`, { uri });
      }
      return { kind: 'absent' };
    }
    const bytes = await readBody(answer, bytesMax);
    if (bytes === undefined) throw unavailable(`answers with more than ${bytesMax} bytes`, { uri });
    return { kind: 'text', text: bytes.toString('utf8') };
  } catch (thrown) {
    if (thrown instanceof SmcpError) throw thrown;
    throw unavailable('does not answer', { uri, cause: thrown });
  }
}

const TOO_MANY = 429;

/** @param about.uri where it was asked for, if it was */
export function unavailable(
  what: string,
  { uri, cause }: { readonly uri?: string; readonly cause?: unknown } = {},
): SmcpError {
  return new SmcpError('ISSUER_UNAVAILABLE', `the issuer ${what}`, {
    cause,
    details: {
      ...(uri === undefined ? {} : { uri }),
      remedy: 'look at oauth in config.yaml, and whether the issuer can be reached from here',
    },
  });
}
