// What is asked of whoever issues tokens. Features import this file, never each other.

import type { SignedBy } from './agent.ts';
import type { ScopeList } from './token-scope.ts';

/** A narrower token that somebody asks for in exchange for their own. */
export type ExchangeWish = {
  /** Beside those that the token has already; `[]`: no more is taken away. */
  readonly scopes: ScopeList;
  /** What the sub-agent calls itself. */
  readonly actor?: string;
  /** Absent: as by default. It ends with the token above it at the latest. */
  readonly expiresInMs?: number;
  /** Whether the token above it still stands for the agent. Asked again after `record`. */
  readonly mayStillAct: () => boolean;
  /** Writes down that the token of this id is made. It exists once this has resolved. */
  readonly record: (id: string) => Promise<void>;
};

/** Which tokens of a trusted issuer a person takes back, whether they were ever shown here or not. Exactly one of `jti`, `subject` or neither. */
export type SignedRevocationWish = {
  readonly issuer: string;
  /** The one token of this name. */
  readonly jti?: string;
  /** Tokens of this `sub`, issued before `beforeMs`. Neither this nor `jti`: all of the issuer. */
  readonly subject?: string;
  readonly beforeMs: number;
};

export type SignedRevocation = SignedRevocationWish & {
  readonly madeMs: number;
  /** Then every token that it was about has ended by itself, and it is forgotten. */
  readonly endMs: number;
};

export type SignedRevocations = {
  /** Whether one counts for a token. `leewayMs`: by how much the issuer's clock may differ: so much later counts as before, too. */
  readonly isRevoked: (signedBy: SignedBy, leewayMs: number) => boolean;
  /**
   * In force, and told, before it is kept: when it throws for the disk it is in force until the server ends.
   *
   * **Durability:** on disk when it returns.
   * @throws `TOKENS_FULL` when there are too many: one of all tokens of an issuer always has room
   */
  readonly revoke: (wish: SignedRevocationWish) => SignedRevocation;
  /** In the order they were made; without those that have ended. */
  readonly list: () => readonly SignedRevocation[];
};
