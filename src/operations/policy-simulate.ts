// The operation that tries a policy on what happened: which recorded decisions would have been others. It changes nothing.
// **Trust:** the text is its caller's; the port checks it.

import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { inputSchema, type Operation } from './operation.ts';
import { checkLength } from './policy-of-agent.ts';
import { countSchema, decisionSchema, spanSchema, spanView } from './review-views.ts';
import {
  changeSchema,
  changeView,
  countingSchema,
  countingView,
  groupSchema,
  limitSchema,
  limitView,
} from './simulate-views.ts';
import { readSince, sinceProperty } from './since.ts';

const text = { type: 'string' };
const LAST = 10_000;
const COUNT = 1_000;

const lackingSchema: JsonObject = {
  type: 'object',
  properties: {
    ...{ agent: text, tool: text, rule: text, calls: countSchema, invocation: text },
    lacks: { type: 'array', items: text, description: 'Kinds of capabilities.' },
  },
  required: ['agent', 'tool', 'rule', 'calls', 'invocation', 'lacks'],
};

const shadowSchema: JsonObject = {
  type: 'object',
  properties: {
    ...{ rule: text, decision: decisionSchema, calls: countSchema },
    changes: { ...countSchema, description: 'Of the calls, those that are decided otherwise.' },
  },
  required: ['rule', 'decision', 'calls', 'changes'],
};

export const policySimulateOperation: Operation = {
  name: 'policy_simulate',
  topic: 'policy',
  summary: 'Has another policy decide the last recorded calls once more, and lists each decision that would change.',
  detail:
    'Each call is decided at its own time, with the schemas of today, in the order in which the calls began: limits, budgets and the loop breaker count as they would have. What can not be said, since arguments are not kept, is counted apart. Conditions of the other policy can find out recorded arguments, of every agent.',
  command: ['policy', 'simulate'],
  positional: ['text'],
  fileProperty: 'text',
  method: 'POST',
  path: '/policy/simulate',
  effect: 'read',
  // By its conditions whoever asks finds out what others sent.
  showsCalls: true,
  isLong: true,
  input: inputSchema(
    {
      text: { type: 'string', description: 'The other policy as YAML or JSON.' },
      last: {
        type: 'integer',
        minimum: 1,
        maximum: LIMITS.policySimulationLengthMax,
        description: `How many decisions, the newest; ${LAST} if absent.`,
      },
      since: sinceProperty('as far as the log reaches'),
      count: {
        type: 'integer',
        minimum: 1,
        maximum: LIMITS.policyReviewRowsMax,
        description: `How many changes to list one by one, the newest; ${COUNT} if absent. All are counted in groups.`,
      },
    },
    ['text'],
  ),
  output: {
    type: 'object',
    properties: {
      digest: { type: 'string', description: 'Of the other policy.' },
      log: spanSchema,
      ...{ same: countSchema, changed: countSchema },
      byAnotherRule: { ...countSchema, description: 'Of the decisions that stay the same, those by another rule.' },
      withoutArguments: { ...countSchema, description: 'Not known: a rule looks at arguments that are not kept.' },
      withoutTool: { ...countSchema, description: 'Not known: a rule looks at arguments of a tool that is gone.' },
      changes: { type: 'array', items: changeSchema, description: 'The newest first.' },
      lacking: {
        type: 'array',
        items: lackingSchema,
        description: 'Calls that would be allowed with fewer capabilities than they used, the most frequent first.',
      },
      limits: {
        type: 'array',
        items: limitSchema,
        description: 'Its limits that would stop calls, the most frequent first.',
      },
      counting: countingSchema,
      shadows: {
        type: 'array',
        items: shadowSchema,
        description: 'What its rules in shadow would have decided, the most frequent first.',
      },
      groups: { type: 'array', items: groupSchema, description: 'Changes that are alike, the most frequent first.' },
    },
    required: [
      ...['digest', 'log', 'same', 'changed', 'byAnotherRule', 'withoutArguments', 'withoutTool'],
      ...['changes', 'lacking', 'limits', 'counting', 'shadows', 'groups'],
    ],
  },
  run: async ({ review, clock }, input, caller) => {
    const { last, since, count } = input;
    const other = String(input['text']);
    checkLength(caller, other);
    const { span, changes, groups, lacking, shadows, limits, counting, ...counts } = await review.simulate({
      text: other,
      sinceMs: typeof since === 'string' ? readSince(since, clock.nowMs()) : 0,
      decisionsMax: typeof last === 'number' ? last : LAST,
      countMax: typeof count === 'number' ? count : COUNT,
    });
    return {
      ...counts,
      log: spanView(span),
      lacking: lacking.map(({ lacks, ...one }) => ({ ...one, lacks: [...lacks] })),
      limits: limits.map(limitView),
      counting: countingView(counting),
      shadows: shadows.map((one) => ({ ...one })),
      changes: changes.map(changeView),
      groups: groups.map(({ was, wouldBe, ...group }) => ({ ...group, was: { ...was }, wouldBe: { ...wouldBe } })),
    };
  },
};
