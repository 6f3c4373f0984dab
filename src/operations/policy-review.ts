// Operations that answer questions about the policy in force before it is changed: who may call a tool, which rules decide
// nothing. They change nothing. **Trust:** names and arguments are their caller's.

import { rfc3339 } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import type { ExactJsonObject } from '#base/exact-json.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { namesOf } from '#domain/labels.ts';
import type { AgentAnswer, Stop, UnusedRule, UnusedRules } from '#domain/policy-review.ts';
import { askedTool } from '#domain/tool.ts';
import { stopOf } from './can.ts';
import { inputSchema, type Operation, type Services } from './operation.ts';
import { policySimulateOperation } from './policy-simulate.ts';
import { policySuggestOperation } from './policy-suggest.ts';
import { countSchema, decisionSchema, spanSchema, spanView } from './review-views.ts';
import { readSince, sinceProperty } from './since.ts';
import { policyRefSchema } from './views.ts';

const text = { type: 'string' };
const texts = { type: 'array', items: text };
const agentSchema: JsonObject = {
  type: 'object',
  properties: {
    agent: text,
    decision: decisionSchema,
    rule: text,
    reason: text,
    conditions: {
      type: 'array',
      description: 'Rules that are asked on the way, in order, where arguments decide. `when` null: it always matches.',
      items: {
        type: 'object',
        properties: { rule: text, effect: decisionSchema, when: { type: ['string', 'null'] } },
        required: ['rule', 'effect', 'when'],
      },
    },
  },
  required: ['agent', 'decision', 'rule', 'reason', 'conditions'],
};

const WHO_CAN_COUNT = 1_000;
const UNUSED_SINCE = '30d';

export const policyReviewOperations: readonly Operation[] = [
  policySimulateOperation,
  policySuggestOperation,
  {
    name: 'policy_who_can',
    topic: 'policy',
    summary:
      'Lists each agent with what a call of a tool would be answered now, the rule that decides, and conditions.',
    detail: 'Without arguments an agent is denied only where no arguments could be allowed.',
    command: ['policy', 'who-can'],
    positional: ['tool'],
    method: 'POST',
    path: '/policy/who-can',
    effect: 'read',
    isLong: true,
    input: inputSchema(
      {
        tool: { type: 'string', description: 'The full name of the tool, such as demo_math__calculate.' },
        args: { type: 'object', description: 'The arguments, for rules that look at them; absent: any.' },
        count: {
          type: 'integer',
          minimum: 1,
          maximum: LIMITS.policyReviewRowsMax,
          description: `How many agents, those that may call it first; ${WHO_CAN_COUNT} if absent.`,
        },
      },
      ['tool'],
    ),
    output: {
      type: 'object',
      properties: {
        tool: text,
        isKnown: { type: 'boolean', description: 'Whether a tool has this name today.' },
        policy: policyRefSchema,
        counts: {
          type: 'object',
          properties: { allow: countSchema, ask: countSchema, deny: countSchema },
          required: ['allow', 'ask', 'deny'],
        },
        agents: { type: 'array', items: agentSchema },
      },
      required: ['tool', 'isKnown', 'policy', 'counts', 'agents'],
    },
    run: async (services, input) => {
      const name = String(input['tool']);
      const tool = services.tools.tool(name);
      const { args } = input;
      if (args !== undefined && !isJsonObject(args)) throw new SmcpError('USAGE', 'args must be a JSON object');
      const { policy, counts, agents } = await services.review.whoCan({
        tool: tool === undefined ? { name } : askedTool(tool),
        ...(args === undefined ? {} : { args: args as ExactJsonObject, seen: seenByAll(services) }),
        stopped: stopsOf(services, name),
        countMax: typeof input['count'] === 'number' ? input['count'] : WHO_CAN_COUNT,
      });
      return {
        tool: name,
        isKnown: tool !== undefined,
        policy: { ...policy },
        counts: { ...counts },
        agents: agents.map(agentView),
      };
    },
  },
  {
    name: 'policy_unused',
    topic: 'policy',
    summary: 'Lists grants and denies of the policy in force that decided nothing since a time.',
    detail:
      'A rule is the same in two versions by its id, else by what it says. A rule that is younger than the time asked for says since when it is in force.',
    command: ['policy', 'unused'],
    positional: [],
    method: 'GET',
    path: '/policy/unused',
    effect: 'read',
    isLong: true,
    input: inputSchema({ since: sinceProperty(UNUSED_SINCE) }),
    output: {
      type: 'object',
      properties: {
        policy: policyRefSchema,
        log: spanSchema,
        rules: { ...countSchema, description: 'Of the policy in force.' },
        unused: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              rule: text,
              pointer: text,
              effect: { enum: ['grant', 'deny'] },
              tools: texts,
              isShadow: { type: 'boolean', description: 'It is in shadow: it would have decided nothing either.' },
              since: { type: 'string', description: 'Since when it is in force, as far as was looked back.' },
            },
            required: ['rule', 'pointer', 'effect', 'tools', 'isShadow', 'since'],
          },
        },
        shadows: {
          type: 'array',
          description: 'Rules in shadow, and how many calls they would have decided.',
          items: {
            type: 'object',
            properties: {
              rule: text,
              pointer: text,
              effect: { enum: ['grant', 'deny'] },
              tools: texts,
              calls: countSchema,
            },
            required: ['rule', 'pointer', 'effect', 'tools', 'calls'],
          },
        },
        byFormerRules: { ...countSchema, description: 'Decisions by rules that are not in force any more.' },
        byUnknownRules: { ...countSchema, description: 'Decisions by a text that is not kept, or was not looked at.' },
      },
      required: ['policy', 'log', 'rules', 'unused', 'shadows', 'byFormerRules', 'byUnknownRules'],
    },
    run: async ({ review, clock }, input) => {
      const written = typeof input['since'] === 'string' ? input['since'] : UNUSED_SINCE;
      const { policy, span, unused, shadows, ...rest } = await review.unused({
        sinceMs: readSince(written, clock.nowMs()),
      });
      return {
        policy: { ...policy },
        log: spanView(span),
        unused: unused.map(unusedView),
        shadows: shadows.map(shadowView),
        ...rest,
      };
    },
  },
];

/** Agents that no policy could help now. */
function stopsOf(services: Services, name: string): ReadonlyMap<string, Stop> {
  const tool = services.tools.tool(name);
  const stops = services.policy.agents().map((agent) => [agent, stopOf(services, agent, { name, tool })] as const);
  return new Map(stops.flatMap(([agent, stop]) => (stop === undefined ? [] : [[agent, stop] as const])));
}

function agentView({ conditions, ...answer }: AgentAnswer): JsonObject {
  return { ...answer, conditions: conditions.map(({ when, ...rule }) => ({ ...rule, when: when ?? null })) };
}

function shadowView({ isShadow: _, tools, ...rule }: UnusedRules['shadows'][number]): JsonObject {
  return { ...rule, tools: [...tools] };
}

function unusedView({ sinceMs, tools, ...rule }: UnusedRule): JsonObject {
  return { ...rule, tools: [...tools], since: rfc3339(sinceMs) };
}

/** What each agent has seen, in whichever session: names by agent. */
function seenByAll({ labels }: Services): ReadonlyMap<string, readonly string[]> {
  const seen = Map.groupBy(labels.list(), ({ agent }) => agent);
  return new Map([...seen].map(([agent, all]) => [agent, namesOf(all)]));
}
