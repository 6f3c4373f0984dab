// Who asks: agents and the credentials they show. Pure.

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

/** Who a token stands for. An admin is a person with access to the home; an agent is a name in the policy. */
export type Principal =
  | { readonly kind: 'admin'; readonly tokenId: string }
  | { readonly kind: 'agent'; readonly agent: AgentName; readonly tokenId: string };

/** A token as it is kept: never the secret, only its SHA-256. Times in ms since the epoch. */
export type TokenRow = {
  readonly id: string;
  readonly agent: AgentName;
  /** Lower-case hex SHA-256 of the whole token text. */
  readonly secretHash: string;
  readonly createdMs: number;
  readonly expiresMs?: number;
  readonly revokedMs?: number;
};
