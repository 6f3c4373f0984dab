// Who asks: agents and the credentials they show. Pure.

import type { Digest } from '#base/digest.ts';
import type { ScopeList, TokenScopes } from './token-scope.ts';

/** The name of an agent: `^[a-z0-9][a-z0-9_.-]{0,63}$`, as in the policy. */
export type AgentName = string & { readonly __brand: 'AgentName' };

const AGENT_NAME = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

/** Records name these as the ones who acted: an agent of the same name could not be told from them. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['admin', 'smcp']);

/** `undefined` when `text` is not an agent's name: of another form, or one that is reserved (`admin`, `smcp`). */
export function parseAgentName(text: unknown): AgentName | undefined {
  const isName = typeof text === 'string' && AGENT_NAME.test(text) && !RESERVED_NAMES.has(text);
  return isName ? (text as AgentName) : undefined;
}

/** Which token of a trusted issuer is at the root: enough to ask later whether the issuer, or a person here, has taken it back. */
export type SignedBy = {
  /** Its `iss`. */
  readonly issuer: string;
  /** The key that its signature was verified with. */
  readonly keyId: string;
  /** Of that key itself: an issuer may put another one under the same id. */
  readonly keyDigest: Digest;
  readonly issuedMs: number;
  /** SHA-256 of its `sub`, and of its `jti` where it has one: they may be long. */
  readonly subject: Digest;
  readonly jti?: Digest;
};

/** What a token says beside whose it is. */
export type TokenRights = {
  readonly scopes: TokenScopes;
  /** The tokens that it was exchanged for, the root's id first; `[]`: it was issued, by a person or by an issuer that is trusted. */
  readonly onBehalfOf: readonly string[];
  /** What each token below the root calls itself, this one last; '' where one has no name. As many as `onBehalfOf`. */
  readonly actors: readonly string[];
  /** The issuer's token that the root was; absent: the root was issued here. */
  readonly signedBy?: SignedBy;
};

/** Who a token stands for. An admin is a person with access to the home; an agent is a name in the policy. */
export type Principal =
  | { readonly kind: 'admin'; readonly tokenId: string }
  | {
      readonly kind: 'agent';
      readonly agent: AgentName;
      readonly tokenId: string;
      /** Absent: it was issued, and takes nothing from what the policy gives. */
      readonly rights?: TokenRights;
      /** Of one that a trusted issuer signed: nothing else is kept of it. */
      readonly signed?: SignedToken;
    };

/** `expiresMs`: when it ends by itself. */
export type SignedToken = SignedBy & { readonly expiresMs: number };

/** What has to be known of a token to ask later whether it still stands: its id, never its text. */
export type HeldToken = { readonly id: string; readonly signed?: SignedToken };

/** The token that a call came with. */
export type CallToken = HeldToken & { readonly rights?: TokenRights };

/** That of a principal. */
export function callTokenOf({ tokenId: id, rights, signed }: Principal & { readonly kind: 'agent' }): CallToken {
  return { id, ...(rights === undefined ? {} : { rights }), ...(signed === undefined ? {} : { signed }) };
}

/** What is kept of a call's token with an approval that it gave. */
export function heldToken({ id, signed }: CallToken): HeldToken {
  return signed === undefined ? { id } : { id, signed };
}

/** A token as it is kept: never the secret, only its SHA-256. Times in ms since the epoch. */
export type TokenRow = {
  readonly id: string;
  readonly agent: AgentName;
  /** Lower-case hex SHA-256 of the whole token text. */
  readonly secretHash: string;
  readonly createdMs: number;
  readonly expiresMs?: number;
  readonly revokedMs?: number;
  /** As in `TokenRights`; absent: it was issued, and takes nothing away. `broken`: what is kept of them can't be read, so it is no token. */
  readonly rights?: TokenRightsRow | 'broken';
};

export type TokenRightsRow = Pick<TokenRights, 'onBehalfOf' | 'actors' | 'signedBy'> & {
  readonly scopes: readonly ScopeList[];
};
