// What the operations that approve plugins take and answer. Called by plugins.ts.
// **Trust:** texts of a review are the plugin author's; whoever shows them makes control characters visible.

import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import type { PluginReview } from '#domain/approval.ts';
import { CAPABILITY_KINDS, type CapabilityKind } from '#domain/capability.ts';

const text = { type: 'string' };

export const reviewSchema: JsonObject = {
  type: 'object',
  properties: {
    name: text,
    state: { enum: ['approved', 'waiting'] },
    digest: { type: 'string', description: 'Over code, manifest and tools: what plugin_approve is given.' },
    before: {
      type: ['object', 'null'],
      description: 'What was approved under this name; null when nothing was.',
      properties: { digest: text, by: text, time: text },
      required: ['digest', 'by', 'time'],
    },
    without: { type: 'array', items: text, description: 'Kinds of capability that a person left out.' },
    exposed: { type: 'array', items: text, description: 'Secrets whose value its program gets to see.' },
    differences: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          kind: text,
          subject: { type: 'string', description: 'A path, a kind of capability, or a tool.' },
          approved: { description: 'null: it was not there.' },
          present: { description: 'null: it is not there any more.' },
        },
        required: ['kind', 'subject', 'approved', 'present'],
      },
    },
  },
  required: ['name', 'state', 'digest', 'before', 'without', 'exposed', 'differences'],
};

export function reviewView({ before, without, exposed, differences, ...review }: PluginReview): JsonObject {
  return {
    ...review,
    before: before === undefined ? null : { ...before },
    without: [...without],
    exposed: [...exposed],
    differences: differences.map((one) => ({ ...one })),
  };
}

/** Kinds with commas between, or `none`; undefined for what is absent. @throws `USAGE` for what is no kind */
export function readKinds(given: unknown): readonly CapabilityKind[] | undefined {
  if (given === undefined) return undefined;
  if (given === 'none') return [];
  const names = String(given).split(',');
  const kinds = CAPABILITY_KINDS.filter((kind) => names.includes(kind));
  const unknown = names.find((name) => !kinds.some((kind) => kind === name));
  if (unknown === undefined) return kinds;
  throw new SmcpError('USAGE', `${JSON.stringify(unknown)} is no kind of capability`, {
    details: { remedy: `the kinds are ${CAPABILITY_KINDS.join(',')}` },
  });
}

/** It is another one by now than the one that was looked at. */
export const pluginChanged = (name: string): SmcpError =>
  new SmcpError('PLUGIN_CHANGED', `the plugin ${name} is not what this digest names`, {
    details: { remedy: `look again: smcp plugin approve ${name}` },
  });
