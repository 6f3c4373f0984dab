// Operations on what agents have seen: what an agent may do after it is a matter of the policy, and only a person clears it.

import { rfc3339 } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PlaceLabel } from '#domain/label-ports.ts';
import type { SeenLabel } from '#domain/labels.ts';
import { checkKnown, clearedIn, describeCleared, placeIn, placeProperties } from './label-input.ts';
import { inputSchema, type Operation } from './operation.ts';

const text = { type: 'string' };

const seenSchema: JsonObject = {
  type: 'object',
  properties: {
    agent: text,
    session: { type: ['string', 'null'], description: 'As its client names it; null: it named none.' },
    label: text,
    tool: { type: 'string', description: 'Whose call brought it.' },
    invocation: text,
    since: text,
    from: {
      type: ['string', 'null'],
      description: 'The file or value that the tool read; null: its results carry it.',
    },
  },
  required: ['agent', 'session', 'label', 'tool', 'invocation', 'since', 'from'],
};

const placeSchema: JsonObject = {
  type: 'object',
  properties: {
    place: { type: 'string', description: 'A file or folder of a workspace, or a key of a store; safe to show.' },
    workspace: { type: ['string', 'null'], description: 'Of a file or folder; null: it is a value.' },
    path: {
      type: ['string', 'null'],
      description: 'Below the workspace, as file names are compared; null: all of it.',
    },
    plugin: { type: ['string', 'null'], description: 'In whose store the value is; null: it is a file.' },
    owner: { type: ['string', 'null'], description: 'The agent whose value it is; null: it is a file.' },
    key: { type: ['string', 'null'], description: 'Of the value; null: the whole store.' },
    label: text,
    agent: { type: 'string', description: 'Whose call wrote there.' },
    tool: text,
    invocation: text,
    since: text,
  },
  required: ['place', 'workspace', 'path', 'plugin', 'owner', 'key', 'label', 'agent', 'tool', 'invocation', 'since'],
};

function seenView({ agent, session, label, tool, invocation, sinceMs, from }: SeenLabel): JsonObject {
  const since = rfc3339(sinceMs);
  return { agent, session: session === '' ? null : session, label, tool, invocation, since, from: from ?? null };
}

function placeView({ place, at, label, agent, tool, invocation, sinceMs }: PlaceLabel): JsonObject {
  const where =
    at.kind === 'files'
      ? { workspace: at.workspace, path: at.names?.join('/') ?? null, plugin: null, owner: null, key: null }
      : { workspace: null, path: null, plugin: at.plugin, owner: at.agent, key: at.key ?? null };
  return { place, ...where, label, agent, tool, invocation, since: rfc3339(sinceMs) };
}

export const labelOperations: readonly Operation[] = [
  {
    name: 'labels_list',
    topic: 'labels',
    summary: 'Lists the labels that agents have seen, and the calls that brought them.',
    command: ['labels', 'list'],
    positional: [],
    method: 'GET',
    path: '/labels',
    effect: 'read',
    input: inputSchema({ agent: { type: 'string', description: 'Only of this agent.' } }),
    output: { type: 'array', items: seenSchema },
    run: ({ labels }, { agent }) =>
      labels.list(typeof agent === 'string' ? (agent as AgentName) : undefined).map(seenView),
  },
  {
    name: 'labels_places',
    topic: 'labels',
    summary: `Lists files and values that carry labels and the calls that wrote them, at most ${LIMITS.labelPlacesListedMax}.`,
    detail: 'Of one path also what it carries of the folders above it, and of one key what the whole store carries.',
    command: ['labels', 'places'],
    positional: [],
    method: 'GET',
    path: '/labels/places',
    effect: 'read',
    input: inputSchema({
      agent: { type: 'string', description: 'Values of this agent; name the plugin, too.' },
      ...placeProperties,
    }),
    output: { type: 'array', items: placeSchema },
    check: (_, input) => checkPlace(input),
    run: ({ labels }, input) => labels.places(LIMITS.labelPlacesListedMax, placeIn(input)).map(placeView),
  },
  {
    name: 'labels_clear',
    topic: 'labels',
    summary: 'Clears labels of an agent, of what it keeps in a store or under one key, or of files of a workspace.',
    detail:
      'Name an agent or a workspace. What a folder or a whole store carries, a path or key in it carries still. Only a person may: clear them once nothing that carried them is left in the context of the agent, or in the files.',
    command: ['labels', 'clear'],
    positional: [],
    method: 'POST',
    path: '/labels/clear',
    effect: 'write',
    isForPeople: true,
    recordsWhy: true,
    input: inputSchema(
      {
        agent: { type: 'string', description: 'What this agent has seen.' },
        session: { type: 'string', description: 'Only in this session of the agent.' },
        ...placeProperties,
        label: { type: 'string', description: 'Only this label. Absent: all.' },
        why: {
          type: 'string',
          minLength: 1,
          maxLength: LIMITS.approvalWhyLengthMax,
          description: 'Why it is right to, for the record.',
        },
      },
      ['why'],
    ),
    output: {
      type: 'object',
      properties: {
        cleared: { type: 'integer', description: 'How many labels were.' },
        left: { type: 'array', items: seenSchema, description: 'What the agent has seen still; of a place: nothing.' },
        leftThere: {
          type: 'array',
          items: placeSchema,
          description: `What the place carries still, of folders above it, too, at most ${LIMITS.labelPlacesListedMax}; of an agent: nothing.`,
        },
      },
      required: ['cleared', 'left', 'leftThere'],
    },
    subject: (input) => describeCleared(clearedIn(input)),
    check: (services, input) => checkKnown(services, clearedIn(input)),
    run: ({ labels }, input) => {
      const what = clearedIn(input);
      const { of } = what;
      const cleared = labels.clear(what);
      if (of.kind === 'agent') return { cleared, left: labels.list(of.agent).map(seenView), leftThere: [] };
      return { cleared, left: [], leftThere: labels.places(LIMITS.labelPlacesListedMax, of).map(placeView) };
    },
  },
];

/** @throws `USAGE` */
function checkPlace(input: JsonObject): void {
  if (placeIn(input) === undefined && input['agent'] !== undefined) {
    throw new SmcpError('USAGE', 'values are listed of an agent and a plugin', {
      details: { remedy: 'name the plugin, too; what the agent itself has seen: smcp labels list --agent A' },
    });
  }
}
