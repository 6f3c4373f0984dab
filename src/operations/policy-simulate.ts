// The operation that tries a policy on what happened: which recorded decisions would have been others. It changes nothing.
// **Trust:** the text is its caller's; the port checks it.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { ChangedDecision } from '#domain/policy-review.ts';
import { inputSchema, type Operation } from './operation.ts';
import { checkLength } from './policy-of-agent.ts';
import { countSchema, decisionSchema, spanSchema, spanView } from './review-views.ts';
import { readSince, sinceProperty } from './since.ts';

const text = { type: 'string' };
const LAST = 10_000;
const COUNT = 1_000;

const wasSchema: JsonObject = {
  type: 'object',
  properties: { decision: decisionSchema, rule: text, version: { type: 'integer' } },
  required: ['decision', 'rule'],
};

const wouldBeSchema: JsonObject = {
  type: 'object',
  properties: { decision: decisionSchema, rule: text, reason: text },
  required: ['decision', 'rule', 'reason'],
};

const changeSchema: JsonObject = {
  type: 'object',
  properties: {
    ...{
      index: countSchema,
      invocation: text,
      time: text,
      agent: text,
      tool: text,
      was: wasSchema,
      wouldBe: wouldBeSchema,
    },
    inForce: {
      enum: ['allow', 'ask', 'deny', null],
      description: 'What the policy in force says of the same call; null: not known.',
    },
  },
  required: ['index', 'invocation', 'time', 'agent', 'tool', 'was', 'wouldBe', 'inForce'],
};

const groupSchema: JsonObject = {
  type: 'object',
  properties: { count: countSchema, agent: text, tool: text, was: wasSchema, wouldBe: wouldBeSchema, invocation: text },
  required: ['count', 'agent', 'tool', 'was', 'wouldBe', 'invocation'],
};

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
    'Each call is decided at its own time, with the schemas of today. What can not be said, since arguments are not kept, is counted apart. Conditions of the other policy can find out recorded arguments, of every agent.',
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
      shadows: {
        type: 'array',
        items: shadowSchema,
        description: 'What its rules in shadow would have decided, the most frequent first.',
      },
      groups: { type: 'array', items: groupSchema, description: 'Changes that are alike, the most frequent first.' },
    },
    required: [
      ...['digest', 'log', 'same', 'changed', 'byAnotherRule', 'withoutArguments', 'withoutTool'],
      ...['changes', 'lacking', 'shadows', 'groups'],
    ],
  },
  run: async ({ review, clock }, input, caller) => {
    const { last, since, count } = input;
    const other = String(input['text']);
    checkLength(caller, other);
    const { span, changes, groups, lacking, shadows, ...counts } = await review.simulate({
      text: other,
      sinceMs: typeof since === 'string' ? readSince(since, clock.nowMs()) : 0,
      decisionsMax: typeof last === 'number' ? last : LAST,
      countMax: typeof count === 'number' ? count : COUNT,
    });
    return {
      ...counts,
      log: spanView(span),
      lacking: lacking.map(({ lacks, ...one }) => ({ ...one, lacks: [...lacks] })),
      shadows: shadows.map((one) => ({ ...one })),
      changes: changes.map(changeView),
      groups: groups.map(({ was, wouldBe, ...group }) => ({ ...group, was: { ...was }, wouldBe: { ...wouldBe } })),
    };
  },
};

function changeView({ timeMs, was, wouldBe, inForce, ...change }: ChangedDecision): JsonObject {
  return { ...change, time: rfc3339(timeMs), was: { ...was }, wouldBe: { ...wouldBe }, inForce: inForce ?? null };
}
