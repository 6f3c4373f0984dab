// The bounds of tokens and who issues them. Part of LIMITS (limits.ts), by which everything else reads them.

export const IDENTITY_LIMITS = {
  /** A scope: a kind, a colon, and a pattern of tool names. */
  tokenScopeLengthMax: 80,
  /** Scopes of one token; with those of the tokens above it they are in the record of each call, which holds 32 KiB. */
  tokenScopesMax: 16,
  /** Tokens below the first one in a chain of exchanges: sub-agents of sub-agents, and twice more. */
  tokenDepthMax: 4,
  /** Tokens of sub-agents that are good at the same time, of one agent. All are in memory. */
  tokensBelowPerAgentMax: 64,
  /** Exchanges of one agent: each leaves a record, and costs two writes of the disk. */
  tokenExchangesPerMinuteMax: 60,
  /** How long a sub-agent's token is good: by default, and at most. A task, and a day's work. */
  tokenExchangedMsDefault: 3_600_000,
  tokenExchangedMsMax: 86_400_000,
  /** The doors are tried before the server listens: 50 ms where the machine is at rest. Whatever does not answer by then stops the start. */
  selfTestMsMax: 20_000,
  /** Characters of an answer in the error that a door was not passed with: a line of a terminal, twice. */
  selfTestShownLengthMax: 200,
  /** Parameters of a form; ours have seven. */
  formParametersMax: 32,
  /** A token that another issuer signed. Theirs have 1 to 4 KiB; all headers of a request together have 16 KiB. */
  accessTokenLengthMax: 8_192,
  /** For how long such a token may be made: its issuer can't tell us that it took one back. */
  accessTokenLifetimeMsMax: 86_400_000,
  /** Revocations of such tokens by their claims, each up to two texts: kept in one row, read at the start. */
  signedRevocationsMax: 256,
  signedRevocationTextLengthMax: 512,
  /** How long each is kept: a token's lifetime, and by how much two clocks may differ, twice. */
  signedRevocationKeptMs: 86_400_000 + 2 * 120_000,
  /** Verified ones that are remembered, so that each request costs no signature: in all, and of one agent, whose clients may have any number. */
  accessTokensKnownMax: 10_000,
  accessTokensKnownPerAgentMax: 64,
  /** Between two looks at all of them. */
  accessTokensTidiedMs: 1_000,
  /** An issuer's keys: their number, the length of an id, and the document that they come in. Large issuers have 10 keys, in 20 KiB. */
  issuerKeysMax: 64,
  issuerKeyIdLengthMax: 256,
  issuerKeysBytesMax: 256 * 1024,
  /** What says where the keys are (RFC 8414). Large issuers' have 8 KiB. */
  issuerMetadataBytesMax: 64 * 1024,
  /** How long the issuer has to send one of them. */
  issuerFetchMsMax: 5_000,
  /** After this it is asked anew where its keys are; and while that fails, they are asked for where they were, for so long at most. */
  issuerMetadataFreshMs: 600_000,
  issuerMetadataStaleMsMax: 86_400_000,
  /** Between two attempts to fetch keys, whatever ids of keys strangers invent. */
  issuerRetryMs: 30_000,
  /** After this they are fetched anew, so that one that was taken back is good no longer; and while that fails, used for so long at most. */
  issuerKeysFreshMs: 600_000,
  issuerKeysStaleMsMax: 3_600_000,
} as const;
