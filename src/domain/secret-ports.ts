// The secrets that an invocation was given, as the broker's calls see them. Features import this file, never each other.

import type { Json } from '#base/json.ts';

/** Replaces every value of these secrets, plain or in a usual encoding, by a mark of one length whatever the value's is. */
export type SecretMask = {
  readonly text: (text: string) => string;
  readonly bytes: (bytes: Uint8Array) => Uint8Array;
  /** Keys too. */
  readonly json: (value: Json) => Json;
};

/** Of one invocation. Nothing is read before it is needed. */
export type GivenSecrets = {
  /**
   * What goes into a request to this host (as `canonicalHost` gives it): header by name in lower case, prefix and value joined.
   * Reads every secret that the invocation was given, once.
   *
   * @throws `SECRET_MISSING` for one that nobody has set · `SECRET_UNAVAILABLE` when its source doesn't give it
   */
  readonly headersFor: (host: string) => Promise<Readonly<Record<string, string>>>;
  /** Of all that was read so far; undefined: none was. */
  readonly mask: () => SecretMask | undefined;
};
