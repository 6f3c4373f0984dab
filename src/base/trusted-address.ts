// Addresses whose answers are believed: nobody between may put another answer in the place of the true one. Pure. **Trust:** the text is
// a person's, or of a document that was fetched.

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export type TrustedAddress = {
  readonly url: URL;
  /** It is this machine's. */
  readonly isLoopback: boolean;
};

/** Of `https:`, or `http:` on this machine, without a name, a password or a fragment. Undefined for every other text. */
export function trustedAddress(text: string): TrustedAddress | undefined {
  const url = URL.parse(text);
  if (url === null) return undefined;
  const isLoopback = LOOPBACK.test(url.hostname);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
  const isPlain = url.username === '' && url.password === '' && !text.includes('#');
  return isSafe && isPlain ? { url, isLoopback } : undefined;
}
