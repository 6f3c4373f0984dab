// What the operations on approvals of calls answer with. Called by approvals.ts.
// **Trust:** arguments are an agent's words, names and versions of plugins their author's: `shown` has nothing invisible in it.

import { rfc3339 } from '#base/clock.ts';
import { exactValue } from '#base/exact-json.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleJson } from '#base/visible.ts';
import { type ApprovalRequest, type ApprovalStatement, describeApprover } from '#domain/approval-ports.ts';

const text = { type: 'string' };

export const requestSchema: JsonObject = {
  type: 'object',
  properties: {
    id: text,
    digest: { type: 'string', description: 'Names all that is asked: what approvals_approve is given.' },
    state: { enum: ['pending', 'approved', 'denied', 'expired', 'used'] },
    agent: text,
    tool: text,
    plugin: { type: ['string', 'null'], description: "Name and version; null for the server's own tools." },
    effect: { enum: ['pure', 'read', 'write'] },
    capabilities: { type: 'object', description: 'What the call could use.' },
    workspace: { type: ['string', 'null'], description: "Where its files are; null: in the agent's own." },
    chain: { type: 'array', items: text, description: 'The tools that call it, the first one first.' },
    rule: { type: 'string', description: 'The rule that asks.' },
    ruleText: {
      type: ['string', 'null'],
      description: 'The whole rule as JSON text; null: it is too long to be shown.',
    },
    ruleWhy: { type: ['string', 'null'], description: 'What the rule says of why it asks.' },
    seen: {
      type: 'array',
      description: 'What the agent had seen when it asked: labels that counted, and the tool that brought each first.',
      items: { type: 'object', properties: { label: text, tool: text }, required: ['label', 'tool'] },
    },
    onBehalfOf: {
      type: ['object', 'null'],
      description:
        'Of a sub-agent: the tokens above its own, the first one first, and what those below it call themselves. Else null.',
      properties: { tokens: { type: 'array', items: text }, actors: { type: 'array', items: text } },
      required: ['tokens', 'actors'],
    },
    approvers: {
      type: ['object', 'null'],
      description: 'People who have to approve, each with a passkey; null: whoever may approve at all.',
      properties: {
        by: { type: 'array', items: text, description: 'Names, or role:approver or role:admin.' },
        needed: { type: 'integer', description: 'How many different people.' },
        approved: { type: 'array', items: text, description: 'Who has, in order.' },
      },
      required: ['by', 'needed', 'approved'],
    },
    args: { type: ['object', 'null'], description: 'The whole arguments; null once the request is over.' },
    shown: {
      type: ['string', 'null'],
      description: 'The same as JSON text with every digit, in which nothing is invisible: for showing it to a person.',
    },
    argsLeftOutBytes: {
      type: 'integer',
      description:
        'Of a list only: how long the arguments are, as JSON text, that are too long for it. See approvals_show.',
    },
    lost: {
      type: 'array',
      description: 'Approvals that count no more, since who gave them might not give them now.',
      items: { type: 'object', properties: { by: text, why: text }, required: ['by', 'why'] },
    },
    createdAt: text,
    expiresAt: text,
    decidedAt: { type: ['string', 'null'] },
    by: { type: ['string', 'null'], description: 'Who decided.' },
    why: { type: ['string', 'null'], description: 'What they said.' },
    invocation: { type: ['string', 'null'], description: 'The call that used it.' },
  },
  required: [
    ...[
      'id',
      'digest',
      'state',
      'agent',
      'tool',
      'plugin',
      'effect',
      'capabilities',
      'workspace',
      'chain',
      'rule',
      ...['ruleText', 'ruleWhy', 'seen', 'onBehalfOf'],
      'approvers',
      'lost',
      'args',
      'shown',
    ],
    ...['createdAt', 'expiresAt', 'decidedAt', 'by', 'why', 'invocation'],
  ],
};

/** A request without its arguments, which are too long for a list. */
export function shortRequestView(request: ApprovalRequest, argsBytes: number): JsonObject {
  return { ...requestView(request, undefined), argsLeftOutBytes: argsBytes };
}

/** `argsJson`: as they are kept; undefined: not any more. */
export function requestView(request: ApprovalRequest, argsJson: string | undefined): JsonObject {
  const { statement, decision, usedBy = null } = request;
  const {
    tool,
    capabilities,
    workspace = null,
    chain,
    rule,
    seen = [],
    onBehalfOf,
  } = (JSON.parse(statement) as { readonly value: ApprovalStatement }).value;
  // It is only written again: every number as it is spelled.
  const args = argsJson === undefined ? null : (exactValue(argsJson) as Json);
  return {
    ...{ id: request.id, digest: request.digest, state: request.state, agent: request.agent, tool: request.tool },
    plugin: tool.plugin === undefined ? null : `${tool.plugin.name} ${tool.plugin.version}`,
    ...{ effect: tool.effect, capabilities: capabilities as JsonObject, workspace, chain, rule: rule.name },
    ...ruleView(rule),
    seen: seen.map((one) => ({ ...one })),
    onBehalfOf: onBehalfOf === undefined ? null : { tokens: [...onBehalfOf.tokens], actors: [...onBehalfOf.actors] },
    approvers: approversView(request),
    lost: (request.lost ?? []).map((one) => ({ ...one })),
    ...{ args, shown: args === null ? null : shownText(args, argsJson?.length ?? 0) },
    ...{ createdAt: rfc3339(request.createdMs), expiresAt: rfc3339(request.expiresMs) },
    decidedAt: decision === undefined ? null : rfc3339(decision.atMs),
    by: decision === undefined ? null : describeApprover(decision.by),
    ...{ why: decision?.why ?? null, invocation: usedBy },
  };
}

/** The rule was written by people: a line for each part of it. */
function ruleView({ text: written, why }: ApprovalStatement['rule']): JsonObject {
  const ruleText = written === undefined ? null : visibleJson(JSON.parse(written) as Json, 2);
  return { ruleText, ruleWhy: why ?? null };
}

function approversView({ approvers, approvals = [] }: ApprovalRequest): JsonObject | null {
  if (approvers === undefined) return null;
  const approved = approvals.map(({ by }) => describeApprover(by));
  return { by: [...approvers.by], needed: approvers.needed, approved };
}

/** A line for each value, unless that is mostly indentation: a list within sixty others has a line of 120 spaces for each item. */
function shownText(args: Json, length: number): string {
  const lines = visibleJson(args, 2);
  return lines.length <= LIMITS.approvalIndentedFactorMax * length ? lines : visibleJson(args);
}
