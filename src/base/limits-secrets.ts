// Bounds of secrets. Part of LIMITS (limits.ts).

export const SECRET_LIMITS = {
  /** A value: what is shorter stands in other texts by chance, so that no mask could find it. */
  secretBytesMin: 8,
  /** A key of 4,096 bits as PEM has 3,300 bytes; a header of a request may have 8 KiB with most servers. */
  secretBytesMax: 8 * 1024,
  /** Of one call together: the mask takes about 300 bytes of memory for each, twice as many for a cookie or a password in base64. */
  secretsOfCallBytesMax: 64 * 1024,
  /** Values whose masks are kept for the next calls, together: about 20 MiB of masks. */
  secretMasksKeptBytesMax: 64 * 1024,
  /** Names that are stored. */
  secretsStoredMax: 512,
  /** Values that the server's own log lines are masked of: the last ones that were read. */
  secretsKnownBytesMax: 128 * 1024,
  /** For a command that prints a secret, such as one that asks another machine. */
  secretCommandMsMax: 10_000,
  /** Until it is run again: what was changed at its source is taken up by then. */
  secretCachedMs: 5 * 60_000,
  /** The file of the key: 64 digits and a line feed. */
  secretKeyFileBytesMax: 128,
} as const;
