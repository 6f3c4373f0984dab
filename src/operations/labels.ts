// Operations on what agents have seen: what an agent may do after it is a matter of the policy, and only a person clears it.

import { rfc3339 } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import { type AgentName, parseAgentName } from '#domain/agent.ts';
import type { ClearedLabels, PlaceLabel } from '#domain/label-ports.ts';
import { isLabel, type SeenLabel } from '#domain/labels.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';
import { inputSchema, type Operation, type Services } from './operation.ts';

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
    place: { type: 'string', description: 'A file or folder of a workspace, or a key of a store.' },
    label: text,
    agent: { type: 'string', description: 'Whose call wrote there.' },
    tool: text,
    invocation: text,
    since: text,
  },
  required: ['place', 'label', 'agent', 'tool', 'invocation', 'since'],
};

function seenView({ agent, session, label, tool, invocation, sinceMs, from }: SeenLabel): JsonObject {
  const since = rfc3339(sinceMs);
  return { agent, session: session === '' ? null : session, label, tool, invocation, since, from: from ?? null };
}

function placeView({ place, label, agent, tool, invocation, sinceMs }: PlaceLabel): JsonObject {
  return { place, label, agent, tool, invocation, since: rfc3339(sinceMs) };
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
    summary: `Lists files and values that carry labels, at most ${LIMITS.labelPlacesListedMax}.`,
    command: ['labels', 'places'],
    positional: [],
    method: 'GET',
    path: '/labels/places',
    effect: 'read',
    input: inputSchema({}),
    output: { type: 'array', items: placeSchema },
    run: ({ labels }) => labels.places(LIMITS.labelPlacesListedMax).map(placeView),
  },
  {
    name: 'labels_clear',
    topic: 'labels',
    summary: 'Clears labels of an agent, of what it keeps in a store, or of the files of a workspace.',
    detail:
      'Name an agent or a workspace. Only a person may: clear them once nothing that carried them is left in the context of the agent, or in the files.',
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
        plugin: { type: 'string', description: 'What the agent’s values in the store of this plugin carry, instead.' },
        workspace: { type: 'string', description: 'What the files of this workspace carry.' },
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
        left: { type: 'array', items: seenSchema, description: 'What the agent has seen still.' },
      },
      required: ['cleared', 'left'],
    },
    subject: (input) => describeCleared(clearedOf(input)),
    check: (services, input) => checkKnown(services, clearedOf(input)),
    run: ({ labels }, input) => {
      const what = clearedOf(input);
      const cleared = labels.clear(what);
      return { cleared, left: 'agent' in what.of ? labels.list(what.of.agent).map(seenView) : [] };
    },
  },
];

/** @throws `USAGE` */
function clearedOf({ agent, session, plugin, workspace, label }: JsonObject): ClearedLabels {
  if (typeof label === 'string' && !isLabel(label)) throw usage('this is no label');
  const only = typeof label === 'string' ? { label } : {};
  if (typeof workspace === 'string') {
    if (agent !== undefined || session !== undefined || plugin !== undefined)
      throw usage('a workspace is cleared by itself');
    return { of: { kind: 'files', workspace: workspace as WorkspaceName }, ...only };
  }
  const name = parseAgentName(agent);
  if (name === undefined) throw usage('name an agent or a workspace');
  if (typeof plugin !== 'string') {
    return { of: { kind: 'agent', agent: name, ...(typeof session === 'string' ? { session } : {}) }, ...only };
  }
  if (session !== undefined) throw usage('a store has no sessions');
  return { of: { kind: 'values', agent: name, plugin }, ...only };
}

function describeCleared({ of, label = 'all labels' }: ClearedLabels): string {
  if (of.kind === 'files') return `${label} of the workspace ${of.workspace}`;
  if (of.kind === 'values') return `${label} of the store of ${of.plugin} for ${of.agent}`;
  return `${label} of ${of.agent}${of.session === undefined ? '' : ` in the session ${of.session}`}`;
}

/** A misspelt name would clear nothing and look as if it had. */
function checkKnown({ policy, tokens, labels }: Services, { of }: ClearedLabels): void {
  if (of.kind === 'files') return;
  const agents = new Set([...policy.agents(), ...[...tokens.list(), ...labels.list()].map(({ agent }) => agent)]);
  if (agents.has(of.agent)) return;
  const near = nearest(of.agent, [...agents]);
  throw new SmcpError('AGENT_UNKNOWN', `no agent is called ${JSON.stringify(of.agent)}; nothing was cleared`, {
    details: { remedy: near === undefined ? 'see smcp agent list' : `did you mean ${near}?` },
  });
}

const usage = (message: string): SmcpError =>
  new SmcpError('USAGE', message, {
    details: {
      remedy: 'smcp labels clear --agent A [--session S | --plugin P] | --workspace W [--label L] --why REASON',
    },
  });
