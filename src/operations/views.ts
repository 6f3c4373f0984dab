// Shapes that several operations answer with: their schemas, and how they are made of what the ports give.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import type { Freeze } from '#domain/freeze.ts';
import { type CallView, DOORS } from '#domain/invocation.ts';
import type { PluginReport } from '#domain/manifest.ts';
import type { PolicyFileState } from '#domain/policy-ports.ts';
import { pathFor, sentenceFor } from './host-paths.ts';
import type { Caller } from './operation.ts';

const text = { type: 'string' };
const texts = { type: 'array', items: text };

export const freezeSchema: JsonObject = {
  type: 'object',
  properties: {
    scope: { enum: ['all', 'writes', 'agent', 'plugin'] },
    name: { type: ['string', 'null'], description: 'Of the agent or plugin.' },
    by: { type: 'string', description: '`admin`, or the agent that froze.' },
    since: text,
  },
  required: ['scope', 'name', 'by', 'since'],
};

export function freezeView({ scope, by, sinceMs }: Freeze): JsonObject {
  return { scope: scope.kind, name: 'name' in scope ? scope.name : null, by, since: rfc3339(sinceMs) };
}

export const laneSchema: JsonObject = {
  type: 'object',
  properties: {
    name: { enum: ['main', 'control'] },
    waiting: { type: 'integer' },
    running: { type: 'integer' },
    isPaused: { type: 'boolean' },
  },
  required: ['name', 'waiting', 'running', 'isPaused'],
};

export const callSchema: JsonObject = {
  type: 'object',
  properties: {
    invocation: text,
    agent: text,
    tool: text,
    door: { enum: [...DOORS] },
    lane: { enum: ['main', 'control'] },
    state: { enum: ['asking', 'waiting', 'running'], description: 'asking: it waits to be approved.' },
    receivedAt: text,
    startedAt: { type: ['string', 'null'] },
  },
  required: ['invocation', 'agent', 'tool', 'door', 'lane', 'state', 'receivedAt', 'startedAt'],
};

export function callView({ receivedMs, startedMs, ...call }: CallView): JsonObject {
  return {
    ...call,
    receivedAt: rfc3339(receivedMs),
    startedAt: startedMs === undefined ? null : rfc3339(startedMs),
  };
}

export const pluginSchema: JsonObject = {
  type: 'object',
  properties: {
    name: text,
    version: text,
    digest: { type: 'string', description: 'Empty when the plugin could not be hashed.' },
    state: { enum: ['ready', 'refused', 'quarantined', 'disabled'] },
    runtime: { enum: ['isolate', 'process', 'unknown'] },
    tools: texts,
    capabilities: texts,
    secrets: {
      type: 'array',
      description: 'Secrets that it asks for. `isExposed`: its program gets to see the value.',
      items: {
        type: 'object',
        properties: { name: text, hosts: texts, isExposed: { type: 'boolean' } },
        required: ['name', 'hosts', 'isExposed'],
      },
    },
    problems: {
      type: 'array',
      items: {
        type: 'object',
        properties: { code: text, file: text, pointer: text, message: text, remedy: text },
        required: ['code', 'file', 'pointer', 'message', 'remedy'],
      },
    },
    notes: {
      type: 'array',
      description: 'What was guessed of a tool, and where what its program says and what its help shows disagree.',
      items: { type: 'object', properties: { tool: text, note: text }, required: ['tool', 'note'] },
    },
    source: { type: 'string', description: 'Where it was found.' },
  },
  required: [
    'name',
    'version',
    'digest',
    'state',
    'runtime',
    'tools',
    'capabilities',
    'secrets',
    'problems',
    'notes',
    'source',
  ],
};

export function pluginView(report: PluginReport, caller: Caller): JsonObject {
  const { source, problems, notes, secrets } = report;
  return {
    ...report,
    notes: notes.map((one) => ({ ...one })),
    secrets: secrets.map((one) => ({ ...one })),
    source: pathFor(caller, source),
    problems: problems.map((problem) => ({ ...problem, message: sentenceFor(caller, problem.message, source) })),
  };
}

export const policyRefSchema: JsonObject = {
  type: 'object',
  properties: { version: { type: 'integer' }, digest: text },
  required: ['version', 'digest'],
};

export const fileStateSchema: JsonObject = {
  type: 'object',
  description:
    '`in-force`: the file is what is applied. `staged`: it holds another good text that waits for policy apply. `refused`: what it holds is not applied, and why.',
  properties: {
    kind: { enum: ['in-force', 'staged', 'refused'] },
    digest: text,
    message: text,
    findings: { type: 'array', items: { type: 'object' } },
  },
  required: ['kind'],
};

/** @param file the policy's, which the message may name */
export function fileStateView(state: PolicyFileState, file: string, caller: Caller): JsonObject {
  if (state.kind !== 'refused') return { ...state };
  const message = sentenceFor(caller, state.message, file);
  return { ...state, message, findings: state.findings.map((finding) => ({ ...finding })) };
}

/** What a stop answers: its own, and the calls that it told to end and that have not yet. */
export function stopSchema({ properties, required, ...rest }: JsonObject): JsonObject {
  const ending = {
    type: 'array',
    items: callSchema,
    description: 'Calls that were told to end, and are still ending.',
  };
  return {
    ...rest,
    properties: { ...(properties as JsonObject), ending },
    required: [...(required as readonly string[]), 'ending'],
  };
}

export function stopView(own: JsonObject, ending: readonly CallView[]): JsonObject {
  return { ...own, ending: ending.map(callView) };
}
