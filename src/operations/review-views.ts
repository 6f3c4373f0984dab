// Shapes that reviews of the policy answer with: their schemas, and how they are made of what the port gives.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import type { LogSpan } from '#domain/policy-review.ts';

const text = { type: 'string' };

export const countSchema: JsonObject = { type: 'integer', minimum: 0 };

export const decisionSchema: JsonObject = { enum: ['allow', 'ask', 'deny'] };

/** How far back the log was read. */
export const spanSchema: JsonObject = {
  type: 'object',
  properties: {
    from: { type: 'string', description: 'How far back the log was read, or reaches.' },
    to: text,
    decisions: countSchema,
    undecided: {
      ...countSchema,
      description: 'Calls without a decision: frozen, arguments that do not fit, no such tool.',
    },
    unreadable: { ...countSchema, description: 'Records that are not what this product writes; see log verify.' },
    isComplete: { type: 'boolean', description: 'False where reading as far back as was asked for took too long.' },
  },
  required: ['from', 'to', 'decisions', 'undecided', 'unreadable', 'isComplete'],
};

export function spanView({ fromMs, toMs, ...span }: LogSpan): JsonObject {
  return { from: rfc3339(fromMs), to: rfc3339(toMs), ...span };
}
