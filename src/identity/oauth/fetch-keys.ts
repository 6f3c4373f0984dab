// Where an issuer's keys come from, when a person has said it: an address, or a file of the home. **Trust:** both are a person's; what is
// there is the issuer's.

import { LIMITS } from '#base/limits.ts';
import { readOwnedFile } from '#base/owned-file.ts';
import { fetchText, unavailable } from './fetch-text.ts';

/** The text of a JWK Set. @throws `ISSUER_UNAVAILABLE` */
export type KeySource = () => Promise<string>;

/** By HTTP, as long as the server is not `stopping`: a stop waits for no issuer. */
export function keysFromAddress(uri: string, stopping: AbortSignal): KeySource {
  return async () => {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(LIMITS.issuerFetchMsMax)]);
    const fetched = await fetchText(uri, { signal, bytesMax: LIMITS.issuerKeysBytesMax });
    if (fetched.kind === 'absent') throw unavailable('has no keys at the address', { uri });
    return fetched.text;
  };
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
