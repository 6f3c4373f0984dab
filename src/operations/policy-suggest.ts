// The operation that tells the smallest grants which an agent was found to need. It changes nothing. **Trust:** what an agent asked
// for and was denied is its own doing: it is told apart, and never put under what was allowed.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import { knownAgent } from './known.ts';
import { inputSchema, type Operation } from './operation.ts';
import { countSchema, spanSchema, spanView } from './review-views.ts';
import { readSince, sinceProperty } from './since.ts';
import { policyRefSchema } from './views.ts';

const text = { type: 'string' };
const SINCE = '7d';

const grantSchema: JsonObject = {
  type: 'object',
  properties: {
    tools: { type: 'array', items: text },
    grant: { type: 'object', description: 'As it is written in a policy, without its tools.' },
    because: { enum: ['allowed', 'denied'], description: 'denied: for want of a grant.' },
    calls: countSchema,
    last: text,
  },
  required: ['tools', 'grant', 'because', 'calls', 'last'],
};

const notSuggestedSchema: JsonObject = {
  type: 'object',
  properties: { tool: text, calls: countSchema, last: text, rule: { type: ['string', 'null'] }, reason: text },
  required: ['tool', 'calls', 'last', 'rule', 'reason'],
};

export const policySuggestOperation: Operation = {
  name: 'policy_suggest',
  topic: 'policy',
  summary: 'Tells the smallest grants that the log shows an agent to have needed, as a policy in YAML.',
  detail:
    'Tools by their exact names, capabilities as far as they were used, conditions and times as they are in force. What a rule denies is told apart and not suggested.',
  command: ['policy', 'suggest'],
  positional: [],
  method: 'GET',
  path: '/policy/suggestion',
  effect: 'read',
  isLong: true,
  input: inputSchema(
    { agent: { type: 'string', description: 'The name of the agent.' }, since: sinceProperty(SINCE) },
    ['agent'],
  ),
  output: {
    type: 'object',
    properties: {
      policy: policyRefSchema,
      log: spanSchema,
      grants: { type: 'array', items: grantSchema, description: 'In the order in which they are to be asked.' },
      notSuggested: { type: 'array', items: notSuggestedSchema, description: 'The most frequent first.' },
      unknown: { ...countSchema, description: 'Calls of which can not be told what they need.' },
      text: { type: 'string', description: 'A policy with this agent alone and these grants.' },
    },
    required: ['policy', 'log', 'grants', 'notSuggested', 'unknown', 'text'],
  },
  run: async (services, input) => {
    const { review, clock } = services;
    const agent = knownAgent(services, input['agent']);
    const written = typeof input['since'] === 'string' ? input['since'] : SINCE;
    const { span, policy, grants, notSuggested, ...rest } = await review.suggest({
      agent,
      sinceMs: readSince(written, clock.nowMs()),
    });
    return {
      ...rest,
      policy: { ...policy },
      log: spanView(span),
      grants: grants.map(({ lastMs, tools, ...grant }) => ({ ...grant, tools: [...tools], last: rfc3339(lastMs) })),
      notSuggested: notSuggested.map(({ lastMs, rule, ...one }) => ({
        ...{ ...one, rule: rule ?? null, last: rfc3339(lastMs) },
      })),
    };
  },
};
