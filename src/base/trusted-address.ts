// Addresses whose answers are believed: nobody between may put another answer in the place of the true one. Pure. **Trust:** the text is
// a person's, or of a document that was fetched.

/** Surely this machine: who answers there needs no certificate. A host as `URL` spells it, or as people do. */
export const isLoopbackHost = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/.test(host);

/** Also what leads here on most machines, or by most resolvers: nobody elsewhere names that in good faith. As `URL` spells it. */
const HERE = /^(\[::\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]|\[::ffff:0:0\]|0\.0\.0\.0|(.*\.)?localhost\.?)$/;

export type TrustedAddress = {
  readonly url: URL;
  /** It is this machine's, in whatever spelling. */
  readonly isLoopback: boolean;
};

/** Of `https:`, or `http:` on this machine, without a name, a password or a fragment. Undefined for every other text. */
export function trustedAddress(text: string): TrustedAddress | undefined {
  const url = URL.parse(text);
  if (url === null) return undefined;
  const isSure = isLoopbackHost(url.hostname);
  const isLoopback = isSure || HERE.test(url.hostname);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isSure);
  const isPlain = url.username === '' && url.password === '' && !text.includes('#');
  return isSafe && isPlain ? { url, isLoopback } : undefined;
}
