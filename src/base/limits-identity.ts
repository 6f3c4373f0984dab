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
  /** Parameters of a form; ours have seven. */
  formParametersMax: 32,
} as const;
