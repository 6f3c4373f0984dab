// Operations on agents and their tokens.

import { rfc3339 } from '#base/clock.ts';
import { DURATION_PATTERN, parseDurationMs } from '#base/duration.ts';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { TokenRow } from '#domain/agent.ts';
import { checkScopes, SCOPE_FORMS } from '#domain/token-scope.ts';
import { knownAgent, readAgentName } from './known.ts';
import { authorOf, inputSchema, type Operation } from './operation.ts';
import { checkLength } from './policy-of-agent.ts';
import { stopSchema, stopView } from './views.ts';

const agentName = { type: 'string', description: "The agent's name, as in the policy." };

const tokenSchema: JsonObject = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    createdAt: { type: 'string' },
    expiresAt: { type: ['string', 'null'] },
    state: { enum: ['valid', 'expired', 'revoked'] },
    scopes: {
      type: 'array',
      description: 'What it and each token above it leave of what the policy gives; absent: all.',
      items: { type: 'array', items: { type: 'string' } },
    },
    onBehalfOf: {
      type: 'array',
      description:
        'The tokens that it was exchanged for, the first one first; it ends with each of them. Absent: none.',
      items: { type: 'string' },
    },
    actor: { type: 'string', description: 'What the sub-agent that has it calls itself.' },
  },
  required: ['id', 'createdAt', 'expiresAt', 'state'],
};

const agentSchema: JsonObject = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    inPolicy: { type: 'boolean' },
    tokens: { type: 'array', items: tokenSchema },
  },
  required: ['name', 'inPolicy', 'tokens'],
};

export const agentOperations: readonly Operation[] = [
  {
    name: 'agent_add',
    topic: 'agents',
    summary: 'Adds an agent without any grant to the policy file.',
    command: ['agent', 'add'],
    positional: ['name'],
    method: 'POST',
    path: '/agents',
    effect: 'write',
    input: inputSchema({ name: agentName }, ['name']),
    output: agentSchema,
    subject: (input) => String(input['name']),
    check: ({ policy }, input) => {
      const name = readAgentName(input['name']);
      if (policy.agents().includes(name))
        throw new SmcpError('AGENT_EXISTS', `the policy has an agent ${name} already`, {
          details: { remedy: `a token for it: smcp agent token ${name}` },
        });
    },
    run: async (services, input, caller) => {
      const name = readAgentName(input['name']);
      checkLength(caller, services.policy.show().text);
      await services.policy.addAgent(name, authorOf(caller));
      return { name, inPolicy: true, tokens: [] };
    },
  },
  {
    name: 'agent_list',
    topic: 'agents',
    summary: 'Lists the agents of the policy, and their tokens by id.',
    command: ['agent', 'list'],
    positional: [],
    method: 'GET',
    path: '/agents',
    effect: 'read',
    input: inputSchema({}),
    output: { type: 'array', items: agentSchema },
    run: (services) => {
      const rows = services.tokens.list();
      const inPolicy = services.policy.agents();
      const known = new Set(inPolicy);
      const byAgent = Map.groupBy(rows, (row) => row.agent);
      const revoked = new Set(rows.filter(({ revokedMs }) => revokedMs !== undefined).map(({ id }) => id));
      const nowMs = services.clock.nowMs();
      return [...new Set([...inPolicy, ...byAgent.keys()])].sort().map((name) => ({
        name,
        inPolicy: known.has(name),
        tokens: (byAgent.get(name) ?? []).map((row) => tokenView(row, revoked, nowMs)),
      }));
    },
  },
  {
    name: 'agent_token',
    topic: 'agents',
    summary: 'Issues a token for an agent; it is shown once and kept as a hash.',
    command: ['agent', 'token'],
    positional: ['name'],
    method: 'POST',
    path: '/agents/:name/tokens',
    effect: 'write',
    isForPeople: true,
    input: inputSchema(
      {
        name: agentName,
        expires: {
          type: 'string',
          pattern: DURATION_PATTERN,
          description: 'How long it is good, such as 30d, 12h or 10m. Absent: until it is revoked.',
        },
        scope: {
          type: 'array',
          maxItems: LIMITS.tokenScopesMax,
          items: { type: 'string', maxLength: LIMITS.tokenScopeLengthMax },
          description: `What it is good for, of what the policy gives: ${SCOPE_FORMS}. Scopes of one kind add up. Absent: everything.`,
        },
      },
      ['name'],
    ),
    output: {
      type: 'object',
      properties: {
        agent: { type: 'string' },
        id: { type: 'string' },
        token: { type: 'string' },
        expiresAt: { type: ['string', 'null'] },
        scopes: { type: 'array', items: { type: 'string' } },
      },
      required: ['agent', 'id', 'token', 'expiresAt', 'scopes'],
    },
    subject: (input) => [String(input['name']), ...scopesOf(input)].join(' '),
    check: (services, input) => {
      knownAgent(services, input['name']);
      checkScopes(scopesOf(input));
    },
    run: (services, input) => {
      const name = knownAgent(services, input['name']);
      const expires = input['expires'];
      const scopes = scopesOf(input);
      const expiry = typeof expires === 'string' ? { expiresInMs: parseDurationMs(expires) } : {};
      const issued = services.tokens.issue(name, { ...expiry, scopes });
      return {
        agent: issued.agent,
        id: issued.id,
        token: issued.token,
        expiresAt: issued.expiresMs === undefined ? null : rfc3339(issued.expiresMs),
        scopes: [...scopes],
      };
    },
  },
  {
    name: 'agent_revoke',
    topic: 'agents',
    summary: 'Revokes a token by its id: it is refused from then on, and calls that came with it are ended.',
    command: ['agent', 'revoke'],
    positional: ['id'],
    method: 'DELETE',
    path: '/tokens/:id',
    effect: 'write',
    isStop: true,
    input: inputSchema(
      { id: { type: 'string', description: "The token's id, as `agent list` and records show it." } },
      ['id'],
    ),
    output: stopSchema({
      type: 'object',
      properties: { id: { type: 'string' }, state: { const: 'revoked' } },
      required: ['id', 'state'],
    }),
    subject: (input) => String(input['id']),
    check: ({ tokens, signedTokens }, input) => {
      // One that is revoked can be revoked again: the first time it may not have come to the disk.
      const isKnown = tokens.list().some(({ id }) => id === input['id']);
      if (!isKnown && signedTokens.ownerOf(String(input['id'])) === undefined)
        throw new SmcpError('TOKEN_UNKNOWN', 'no token has this id', {
          details: { remedy: 'see smcp agent list' },
        });
    },
    run: async ({ tokens, signedTokens, enforce }, input) => {
      const id = String(input['id']);
      try {
        tokens.revoke(id, signedTokens.ownerOf(id));
      } catch (thrown) {
        await enforce();
        throw thrown;
      }
      return stopView({ id, state: 'revoked' }, await enforce());
    },
  },
];

function scopesOf(input: JsonObject): readonly string[] {
  const { scope = [] } = input;
  return Array.isArray(scope) ? scope.map(String) : [];
}

function rightsView({ rights }: TokenRow): JsonObject {
  // One that can't be read is no token: it has nothing.
  if (rights === undefined || rights === 'broken') return {};
  const scopes = rights.scopes.filter((list) => list.length > 0).map((list) => [...list]);
  const actor = rights.actors.at(-1);
  return {
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(rights.onBehalfOf.length === 0 ? {} : { onBehalfOf: [...rights.onBehalfOf] }),
    ...(actor === undefined || actor === '' ? {} : { actor }),
  };
}

function tokenView(row: TokenRow, revoked: ReadonlySet<string>, nowMs: number) {
  const isExpired = row.expiresMs !== undefined && row.expiresMs <= nowMs;
  const above = row.rights === undefined || row.rights === 'broken' ? [] : row.rights.onBehalfOf;
  // One that is kept no more has ended long ago; a trusted issuer's is never kept.
  const isRevoked = revoked.has(row.id) || row.rights === 'broken' || above.some((id) => revoked.has(id));
  return {
    id: row.id,
    createdAt: rfc3339(row.createdMs),
    expiresAt: row.expiresMs === undefined ? null : rfc3339(row.expiresMs),
    state: isRevoked ? 'revoked' : isExpired ? 'expired' : 'valid',
    ...rightsView(row),
  };
}
