// What is denied, and how its client learns of it: one table for every door. A suite brings a world (a server, its clients,
// names for the tools) and runs the whole table over each client; a door without tokens runs `CALL_DENIALS`.

import { InsufficientScopeError } from '@modelcontextprotocol/client';
import type { ErrorCode } from '#base/errors.ts';
import type { CallParams, McpClient } from './clients.ts';

/** What the client shows. `good`: the token of the agent whose grants `ToolRole` speaks of. `stray`: one whose scopes have another door only. */
export type TokenKind = 'good' | 'none' | 'unknown' | 'revoked' | 'expired' | 'admin' | 'stray';

/**
 * A tool as the agent's policy sees it. `granted` may be called · `ungranted` exists, no grant covers it · `invented` as
 * that, but there is none of the name · `missing` a grant covers the name, no tool has it · `forbidden` a deny rule, with
 * the id `DENY_RULE`, names it, though a grant covers it · `asking` a person has to approve each call, and no call waits for it ·
 * `limited` the limit with the id `LIMIT_RULE` has no room for any call.
 */
export type ToolRole = 'granted' | 'ungranted' | 'invented' | 'missing' | 'forbidden' | 'asking' | 'limited';

export const DENY_RULE = 'no-drops';
export const LIMIT_RULE = 'no-room';

/** What only a whole server has: a rule with a condition, one outside of its hours, a token whose scopes leave a granted tool out. */
export type GovernedRole = 'conditional' | 'closed' | 'unscoped';

/**
 * `args`: `bad` ones don't fit the granted tool's schema, `good` and `other` ones do and differ, `own` ones fit the tool that
 * is called; or the very value.
 */
export type DeniedCall = {
  readonly tool: ToolRole | GovernedRole;
  readonly args?: 'good' | 'other' | 'bad' | 'own' | { readonly value: unknown };
  readonly meta?: { readonly [key: string]: unknown };
};

/** `door` before any message is read · `protocol` a JSON-RPC error · `result` a result with `isError`, that a model reads. */
export type Observed =
  | { readonly where: 'door'; readonly status: number }
  | { readonly where: 'protocol'; readonly rpc: number; readonly code: string }
  | { readonly where: 'result'; readonly code: string; readonly rule?: string };

type Expected = Observed & { readonly code: ErrorCode };

export type Denial = {
  readonly title: string;
  readonly token: TokenKind;
  /** The world freezes the agent before the client connects. */
  readonly isFrozen?: true;
  /** Made before, and not denied. */
  readonly first?: DeniedCall;
  readonly call: DeniedCall;
  readonly expected: Expected;
  /** Whether the call gets as far as the dispatcher, which records it. */
  readonly isRecorded: boolean;
};

const atDoor = (title: string, token: TokenKind, status: number, code: ErrorCode): Denial => ({
  title,
  token,
  call: { tool: 'granted' },
  expected: { where: 'door', status, code },
  isRecorded: false,
});

const inResult = (
  title: string,
  call: DeniedCall,
  expected: { readonly code: ErrorCode; readonly rule?: string },
  more: Partial<Denial> = {},
): Denial => ({
  title,
  token: 'good',
  call,
  expected: { where: 'result', ...expected },
  isRecorded: true,
  ...more,
});

const malformed = (title: string, meta: { readonly [key: string]: unknown }): Denial => ({
  title,
  token: 'good',
  call: { tool: 'granted', meta },
  expected: { where: 'protocol', rpc: -32600, code: 'REQUEST_INVALID' },
  isRecorded: false,
});

const key = { 'smcp/idempotencyKey': 'one' };

/** Denials of calls by an agent that is let in. */
export const CALL_DENIALS: readonly Denial[] = [
  inResult('a tool that no grant covers', { tool: 'ungranted' }, { code: 'DENIED', rule: 'default-deny' }),
  inResult(
    'a name that no grant covers and no tool has',
    { tool: 'invented' },
    { code: 'DENIED', rule: 'default-deny' },
  ),
  inResult('a tool that a deny rule names', { tool: 'forbidden' }, { code: 'DENIED', rule: DENY_RULE }),
  {
    title: 'a name that a grant covers and no tool has',
    token: 'good',
    call: { tool: 'missing' },
    expected: { where: 'protocol', rpc: -32602, code: 'TOOL_UNKNOWN' },
    isRecorded: true,
  },
  inResult(
    'a tool whose calls a person approves',
    { tool: 'asking', args: { value: {} } },
    { code: 'APPROVAL_PENDING' },
  ),
  inResult(
    'an approval that nobody has',
    { tool: 'asking', args: { value: {} }, meta: { 'smcp/approval': '0123456789abcdef' } },
    { code: 'APPROVAL_UNKNOWN' },
  ),
  inResult(
    'a call that its limit has no room for',
    { tool: 'limited', args: 'own' },
    { code: 'RATE_LIMITED', rule: LIMIT_RULE },
  ),
  inResult("arguments that don't fit", { tool: 'granted', args: 'bad' }, { code: 'ARGUMENTS_INVALID' }),
  ...[['text'], 'text', 7, null].map((value) =>
    inResult(
      `${JSON.stringify(value)} in place of arguments`,
      { tool: 'granted', args: { value } },
      { code: 'ARGUMENTS_INVALID' },
    ),
  ),
  inResult('any call of an agent that is frozen', { tool: 'granted' }, { code: 'FROZEN' }, { isFrozen: true }),
  inResult(
    'other arguments under an idempotency key that was used',
    { tool: 'granted', args: 'other', meta: key },
    { code: 'IDEMPOTENCY_CONFLICT' },
    { first: { tool: 'granted', meta: key } },
  ),
  malformed('an idempotency key that is no text', { 'smcp/idempotencyKey': 1 }),
  malformed('an idempotency key that is too long', { 'smcp/idempotencyKey': 'x'.repeat(257) }),
  malformed('a session label that is empty', { 'smcp/session': '' }),
  malformed('an id of an approval that is no text', { 'smcp/approval': 1 }),
];

/** Denials by what only a whole server has. */
export const GOVERNED_DENIALS: readonly Denial[] = [
  inResult(
    'a call that the condition of its grant is not true for',
    { tool: 'conditional', args: 'own' },
    { code: 'DENIED', rule: 'default-deny' },
  ),
  inResult(
    'a call outside of the hours of its grant',
    { tool: 'closed', args: 'own' },
    { code: 'DENIED', rule: 'default-deny' },
  ),
];

/** Denials by the scopes of the token, where the good one has some. */
export const SCOPE_DENIALS: readonly Denial[] = [
  inResult(
    "a granted tool that the token's scopes leave out",
    { tool: 'unscoped', args: { value: {} } },
    { code: 'INSUFFICIENT_SCOPE', rule: 'token-scope' },
  ),
  atDoor("a token whose scopes have another door's name only", 'stray', 403, 'INSUFFICIENT_SCOPE'),
];

/** Denials of whoever comes to a door that asks for tokens. */
export const TOKEN_DENIALS: readonly Denial[] = [
  atDoor('nobody', 'none', 401, 'UNAUTHENTICATED'),
  atDoor('a token that nobody has', 'unknown', 401, 'UNAUTHENTICATED'),
  atDoor('a token that was revoked', 'revoked', 401, 'UNAUTHENTICATED'),
  atDoor('a token that has expired', 'expired', 401, 'UNAUTHENTICATED'),
  atDoor("the admin's token: grants need a name", 'admin', 403, 'FORBIDDEN'),
];

export const DENIALS: readonly Denial[] = [...TOKEN_DENIALS, ...CALL_DENIALS];

type Args = { readonly [name: string]: unknown };

/** What a suite brings. */
export type DenialWorld = {
  readonly connect: (token: TokenKind) => Promise<McpClient>;
  /** Freezes the agent of the good token. */
  readonly freeze: () => Promise<void> | void;
  readonly tools: { readonly [role in ToolRole]: string } & { readonly [role in GovernedRole]?: string };
  /** Arguments of the granted tool, and of others where they need some. */
  readonly args: { readonly [kind in 'good' | 'other' | 'bad']: Args };
  readonly own?: { readonly [role in ToolRole | GovernedRole]?: Args };
};

/** Makes the call as the denial says; what its client sees of it. A call that is not denied shows as `where: none`. */
export async function observe(world: DenialWorld, denial: Denial): Promise<Observed | { readonly where: 'none' }> {
  if (denial.isFrozen === true) await world.freeze();
  let client: McpClient;
  try {
    client = await world.connect(denial.token);
  } catch (thrown) {
    return { where: 'door', status: statusOf(thrown) };
  }
  try {
    if (denial.first !== undefined) await client.call(paramsOf(world, denial.first));
    return observedIn(await client.call(paramsOf(world, denial.call)));
  } catch (thrown) {
    const { code, data } = thrown as { code: number; data?: { code?: string } };
    if (data?.code === undefined) throw thrown;
    return { where: 'protocol', rpc: code, code: data.code };
  } finally {
    await client.close();
  }
}

/** What `observe` must show for it: of a door, only the status reaches every client. */
export function expectedOf({ expected }: Denial): Observed {
  return expected.where === 'door' ? { where: 'door', status: expected.status } : expected;
}

function paramsOf(world: DenialWorld, { tool, args = 'good', meta }: DeniedCall): CallParams {
  const own = world.own?.[tool] ?? {};
  const given = typeof args !== 'string' ? args.value : args === 'own' ? own : world.args[args];
  const name = world.tools[tool];
  if (name === undefined) throw new Error(`the world has no ${tool} tool`);
  return {
    name,
    arguments: given as { [name: string]: unknown },
    ...(meta === undefined ? {} : { _meta: { ...meta } }),
  };
}

function observedIn(result: { [key: string]: unknown }): Observed | { readonly where: 'none' } {
  if (result['isError'] !== true) return { where: 'none' };
  const { error } = result['structuredContent'] as { error: { code: string; details: { rule?: string } } };
  const { rule } = error.details;
  return { where: 'result', code: error.code, ...(rule === undefined ? {} : { rule }) };
}

/** The HTTP status in an error of either SDK; 0 when it has none. */
function statusOf(thrown: unknown): number {
  const { code, status, data } = thrown as { code?: unknown; status?: unknown; data?: { status?: unknown } };
  // The 2.x client reads the challenge of a 403, and throws what it says in place of the status.
  if (thrown instanceof InsufficientScopeError) return 403;
  const known = [code, status, data?.status].find((value) => typeof value === 'number' && value >= 400 && value < 600);
  return typeof known === 'number' ? known : 0;
}
