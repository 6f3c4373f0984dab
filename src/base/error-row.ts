// What a code of the table of errors says: its kind, and how it leaves through each door.

/**
 * `invalid` the caller's input · `denied` a rule said no · `limit` a bound was reached · `unavailable` try later ·
 * `contained` the guest misbehaved and was stopped · `tampered` evidence does not add up · `fault` a bug of ours.
 */
export type ErrorKind = 'invalid' | 'denied' | 'limit' | 'unavailable' | 'contained' | 'tampered' | 'fault';

export type ErrorRow = {
  readonly kind: ErrorKind;
  /**
   * JSON-RPC code where it leaves as a protocol error (MCP). Not -32002, which the SDK turns into -32602 on its way out,
   * and not -32020 … -32022 and -32042, which MCP itself gives meaning to.
   */
  readonly rpc: number;
  readonly http: number;
  readonly retryable: boolean;
  /** What it means, in one sentence, for `docs/errors.md`. */
  readonly meaning: string;
};

/** A row of the table. */
export const row = (kind: ErrorKind, rpc: number, http: number, retryable: boolean, meaning: string): ErrorRow => ({
  kind,
  rpc,
  http,
  retryable,
  meaning,
});
