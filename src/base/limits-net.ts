// The bounds of requests that plugins have made (`net`). Part of LIMITS (limits.ts), by which everything else reads them.

export const NET_LIMITS = {
  /** A URL, as asked and as sent, in UTF-16 units: what most servers take. */
  netUrlLengthMax: 8 * 1024,
  /** Headers that a plugin writes: their number, and bytes of names and values together. Servers refuse 8 to 16 KiB. */
  netRequestHeadersMax: 64,
  netRequestHeaderBytesMax: 8 * 1024,
  /** A request's body. A host call as a whole may have no more. */
  netRequestBytesMax: 256 * 1024,
  /** Headers of an answer: their number, and bytes of the whole head. Node's own bound is 16 KiB. */
  netAnswerHeadersMax: 256,
  netAnswerHeaderBytesMax: 16 * 1024,
  /** Interim answers (1xx) before the answer; a server sends one or two. */
  netInterimAnswersMax: 8,
  /** The body of an answer. In base64, with its headers, it is within `hostAnswerBytesMax`; nothing is ever decompressed. */
  netAnswerBytesMax: 640 * 1024,
  /**
   * All bytes that bring an answer: more than its body twice. In pieces of one byte a body takes six times as much, and 0.9 s of the
   * host's thread.
   */
  netAnswerWireBytesMax: 1536 * 1024,
  /**
   * What head and body of an answer may each have more while secrets are in them: a value of 8 KiB twice, in its longest spelling. They are
   * counted against their bounds without them, so that a bound tells nobody how long a value is.
   */
  netSecretsRoomBytes: 128 * 1024,
  /**
   * URL and headers of a plugin, in a request that gets a secret. Far from the 8 KiB at which servers refuse a head: whoever fills one up
   * finds out how much room the value takes.
   */
  netHeadBesideSecretBytesMax: 4 * 1024,
  /** To resolve a name; resolvers give up after 5 s, and try again. */
  netResolveMsMax: 10_000,
  /** Addresses of one name that are looked at; with more the name is refused, since each must be vetted. */
  netAddressesMax: 64,
  /** Of them, those that are dialled one after another, until one takes the connection. */
  netDialledMax: 4,
  /** To connect to one address, TLS included. */
  netConnectMsMax: 10_000,
  /** From the request until the head of its answer. Less than a long call may take: a server that says nothing holds a place. */
  netFirstByteMsMax: 60_000,
  /** One request, from the first lookup to the last byte; redirections are requests of their own. */
  netRequestMsMax: 120_000,
  /** Redirections that are followed. Browsers follow 20, and people never more than a few. */
  netRedirectsMax: 5,
  /** Requests at once: in all, of one agent, and to one host and port. Each may hold the body of its answer. */
  netAtOnceMax: 128,
  netAtOncePerAgentMax: 16,
  netAtOncePerHostMax: 32,
  /** Lookups of names in the operator's lists at once: they take threads of which Node has four, and files need some. */
  netSystemLookupsMax: 2,
} as const;
