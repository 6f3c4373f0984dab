// Shapes that a simulation answers with, beside those of other reviews: their schemas, and how they are made of what the port gives.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import type { ChangedDecision, Counting, SimulatedLimit } from '#domain/policy-review.ts';
import { countSchema, decisionSchema } from './review-views.ts';

const text = { type: 'string' };

const wasSchema: JsonObject = {
  type: 'object',
  properties: {
    ...{ decision: decisionSchema, rule: text, version: { type: 'integer' } },
    limit: {
      type: 'string',
      description: 'The unit of the limit that had no room for it; absent: no limit denied it.',
    },
  },
  required: ['decision', 'rule'],
};

const fullLimitSchema: JsonObject = {
  type: 'object',
  description: 'The limit that would have no room for it, as denials have it; absent: no limit would deny it.',
  properties: { unit: text, limit: countSchema, used: countSchema, perMs: countSchema, resetsAt: text },
  required: ['unit', 'limit', 'used'],
};

const wouldBeSchema: JsonObject = {
  type: 'object',
  properties: { decision: decisionSchema, rule: text, reason: text, limit: fullLimitSchema },
  required: ['decision', 'rule', 'reason'],
};

export const changeSchema: JsonObject = {
  type: 'object',
  properties: {
    ...{ index: countSchema, invocation: text, time: text, agent: text, tool: text },
    ...{ was: wasSchema, wouldBe: wouldBeSchema },
    inForce: {
      enum: ['allow', 'ask', 'deny', null],
      description:
        'What the policy in force says of the same call, by its rules where an earlier one decided; null: not known.',
    },
  },
  required: ['index', 'invocation', 'time', 'agent', 'tool', 'was', 'wouldBe', 'inForce'],
};

export const groupSchema: JsonObject = {
  type: 'object',
  properties: { count: countSchema, agent: text, tool: text, was: wasSchema, wouldBe: wouldBeSchema, invocation: text },
  required: ['count', 'agent', 'tool', 'was', 'wouldBe', 'invocation'],
};

export const limitSchema: JsonObject = {
  type: 'object',
  properties: {
    ...{ rule: text, unit: text, limit: countSchema, perMs: countSchema },
    calls: { ...countSchema, description: 'That it would stop.' },
    changes: { ...countSchema, description: 'Of them, those that were not denied.' },
  },
  required: ['rule', 'unit', 'limit', 'calls', 'changes'],
};

const partialSchema: JsonObject = {
  type: 'object',
  properties: { rule: text, unit: text, perMs: countSchema },
  required: ['rule', 'unit', 'perMs'],
};

export const countingSchema: JsonObject = {
  type: 'object',
  description: 'How limits were counted, and what was assumed for it.',
  properties: {
    from: { ...text, description: 'From when on calls are counted.' },
    partial: {
      type: 'array',
      items: partialSchema,
      description: 'Limits whose window began before that, so that they count too few until it ends.',
    },
    neverRan: {
      ...countSchema,
      description:
        'Calls denied then and allowed now: each counts what its tool declares to cost, no bytes, and no time.',
    },
    withoutArguments: { ...countSchema, description: 'Calls counted without arguments, which are not kept.' },
    late: { ...countSchema, description: 'Calls counted after some that began later: too many were under way.' },
    supposedLabels: {
      ...countSchema,
      description: 'Calls for which a label counted for all sessions, as no record tells in which one it was seen.',
    },
  },
  required: ['from', 'partial', 'neverRan', 'withoutArguments', 'late', 'supposedLabels'],
};

export function changeView({ timeMs, was, wouldBe, inForce, ...change }: ChangedDecision): JsonObject {
  const { limit, ...after } = wouldBe;
  const would = { ...after, ...(limit === undefined ? {} : { limit: { ...limit } }) };
  return { ...change, time: rfc3339(timeMs), was: { ...was }, wouldBe: would, inForce: inForce ?? null };
}

export const limitView = (limit: SimulatedLimit): JsonObject => ({ ...limit });

export function countingView({ fromMs, partial, ...facts }: Counting): JsonObject {
  return { ...facts, from: rfc3339(fromMs), partial: partial.map((one) => ({ ...one })) };
}
