// The bounds of tokens and who issues them. Part of LIMITS (limits.ts), by which everything else reads them.

export const IDENTITY_LIMITS = {
  /** A scope: a kind, a colon, and a pattern of tool names. */
  tokenScopeLengthMax: 80,
  /** Scopes of one token; with those of the tokens above it they are in the record of each call, which holds 32 KiB. */
  tokenScopesMax: 16,
} as const;
