// Where an issuer's keys come from: an address, or a file of the home. **Trust:** the address is a person's; every byte of the answer is
// the issuer's, or of whoever answers in its place: it is bounded in size and time, and redirects are not followed.

import { readBody } from '#base/bounded-body.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { readOwnedFile } from '#base/owned-file.ts';

/** The text of a JWK Set. @throws `ISSUER_UNAVAILABLE` */
export type KeySource = () => Promise<string>;

/** By HTTP, as long as the server is not `stopping`: a stop waits for no issuer. */
export function keysFromAddress(uri: string, stopping: AbortSignal): KeySource {
  return async () => {
    try {
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(LIMITS.issuerFetchMsMax)]);
      const answer = await fetch(uri, { redirect: 'error', signal, headers: { accept: 'application/json' } });
      if (answer.status !== 200) {
        await answer.body?.cancel();
        throw unavailable(`answered ${answer.status}`);
      }
      return await textOf(answer);
    } catch (thrown) {
      if (thrown instanceof SmcpError) throw thrown;
      throw unavailable('does not answer', thrown);
    }
  };
}

async function textOf(answer: Response): Promise<string> {
  const bytes = await readBody(answer, LIMITS.issuerKeysBytesMax);
  if (bytes === undefined) throw unavailable(`answers with more than ${LIMITS.issuerKeysBytesMax} bytes`);
  return bytes.toString('utf8');
}

/** From a file that only its owner may write. Read anew whenever keys are asked for anew. */
export function keysFromFile(file: string): KeySource {
  return async () => {
    const text = readOwnedFile(file, {
      bytesMax: LIMITS.issuerKeysBytesMax,
      keptFrom: 'being written',
      code: 'ISSUER_UNAVAILABLE',
    });
    if (text === undefined) throw unavailable(`has no keys at ${file}`);
    return text;
  };
}

function unavailable(what: string, cause?: unknown): SmcpError {
  return new SmcpError('ISSUER_UNAVAILABLE', `the issuer ${what}`, {
    cause,
    details: { remedy: 'look at oauth.jwks in config.yaml, and whether the issuer can be reached from here' },
  });
}
