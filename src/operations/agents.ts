// Operations on agents and their tokens.

import { rfc3339 } from '#base/clock.ts';
import { DURATION_PATTERN, parseDurationMs } from '#base/duration.ts';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import type { TokenRow } from '#domain/agent.ts';
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
      const names = [...new Set([...inPolicy, ...rows.map((row) => row.agent)])].sort();
      return names.map((name) => ({
        name,
        inPolicy: inPolicy.includes(name),
        tokens: rows.filter((row) => row.agent === name).map((row) => tokenView(row, services.clock.nowMs())),
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
      },
      required: ['agent', 'id', 'token', 'expiresAt'],
    },
    subject: (input) => String(input['name']),
    check: (services, input) => void knownAgent(services, input['name']),
    run: (services, input) => {
      const name = knownAgent(services, input['name']);
      const expires = input['expires'];
      const options = typeof expires === 'string' ? { expiresInMs: parseDurationMs(expires) } : {};
      const issued = services.tokens.issue(name, options);
      return {
        agent: issued.agent,
        id: issued.id,
        token: issued.token,
        expiresAt: issued.expiresMs === undefined ? null : rfc3339(issued.expiresMs),
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
    input: inputSchema({ id: { type: 'string', description: "The token's id, as `agent list` shows it." } }, ['id']),
    output: stopSchema({
      type: 'object',
      properties: { id: { type: 'string' }, state: { const: 'revoked' } },
      required: ['id', 'state'],
    }),
    subject: (input) => String(input['id']),
    check: ({ tokens }, input) => {
      // One that is revoked can be revoked again: the first time it may not have come to the disk.
      if (!tokens.list().some(({ id }) => id === input['id']))
        throw new SmcpError('TOKEN_UNKNOWN', 'no token has this id', {
          details: { remedy: 'see smcp agent list' },
        });
    },
    run: async ({ tokens, enforce }, input) => {
      const id = String(input['id']);
      try {
        tokens.revoke(id);
      } catch (thrown) {
        await enforce();
        throw thrown;
      }
      return stopView({ id, state: 'revoked' }, await enforce());
    },
  },
];

function tokenView(row: TokenRow, nowMs: number) {
  const isExpired = row.expiresMs !== undefined && row.expiresMs <= nowMs;
  return {
    id: row.id,
    createdAt: rfc3339(row.createdMs),
    expiresAt: row.expiresMs === undefined ? null : rfc3339(row.expiresMs),
    state: row.revokedMs !== undefined ? 'revoked' : isExpired ? 'expired' : 'valid',
  };
}
