// What is asked of whoever issues tokens. Features import this file, never each other.

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
