// What a person names whose labels are shown or cleared: an agent, a session of it, files of a workspace, values of a store. **Trust:**
// whoever called wrote it.

import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import { visible } from '#base/visible.ts';
import { type AgentName, parseAgentName } from '#domain/agent.ts';
import type { ClearedLabels, PlaceScope } from '#domain/label-ports.ts';
import { isLabel } from '#domain/labels.ts';
import { readWorkspacePath, WORKSPACE, type WorkspaceName } from '#domain/workspace-path.ts';
import type { Services } from './operation.ts';

/** The properties of `placeIn`, for input schemas. */
export const placeProperties = {
  workspace: { type: 'string', description: 'What the files of this workspace carry.' },
  path: {
    type: 'string',
    minLength: 1,
    description: 'Only this file of the workspace, or this folder with all in it: `notes/a.txt`.',
  },
  plugin: { type: 'string', description: 'What the agent’s values in the store of this plugin carry, instead.' },
  key: {
    type: 'string',
    minLength: 1,
    maxLength: LIMITS.storeKeyBytesMax,
    description: 'Only the value under this key of the store.',
  },
} satisfies JsonObject;

/** Files or values, where the input names some. @throws `USAGE` */
export function placeIn({ agent, plugin, key, workspace, path }: JsonObject): PlaceScope | undefined {
  if (typeof workspace === 'string') {
    if (agent !== undefined || plugin !== undefined || key !== undefined)
      throw usage('a workspace is named by itself, with a path at most');
    const of = { kind: 'files', workspace: workspace as WorkspaceName } as const;
    return typeof path === 'string' ? { ...of, names: namesOf(path) } : of;
  }
  if (path !== undefined) throw usage('name the workspace of the path');
  if (typeof plugin !== 'string') {
    if (key !== undefined) throw usage('name the plugin, and the agent, in whose store the key is');
    return undefined;
  }
  return { kind: 'values', agent: agentIn(agent), plugin, ...(typeof key === 'string' ? { key } : {}) };
}

/** @throws `USAGE` */
export function clearedIn(input: JsonObject): ClearedLabels {
  const { agent, session, label } = input;
  if (typeof label === 'string' && !isLabel(label)) throw usage('this is no label');
  const only = typeof label === 'string' ? { label } : {};
  const place = placeIn(input);
  if (place !== undefined) {
    if (session !== undefined) throw usage('files and stores have no sessions');
    return { of: place, ...only };
  }
  return { of: { kind: 'agent', agent: agentIn(agent), ...(typeof session === 'string' ? { session } : {}) }, ...only };
}

/** As the record says it. */
export function describeCleared({ of, label = 'all labels' }: ClearedLabels): string {
  switch (of.kind) {
    case 'files': {
      const what = of.names === undefined ? '' : `${JSON.stringify(of.names.join('/'))} in `;
      return visible(`${label} of ${what}the workspace ${of.workspace}`);
    }
    case 'values': {
      const what = of.key === undefined ? '' : `${JSON.stringify(of.key)} in `;
      return visible(`${label} of ${what}the store of ${of.plugin} for ${of.agent}`);
    }
    case 'agent':
      return `${label} of ${of.agent}${of.session === undefined ? '' : ` in the session ${of.session}`}`;
  }
}

/** A misspelt name would clear nothing and look as if it had. @throws `AGENT_UNKNOWN` */
export function checkKnown({ policy, tokens, labels }: Services, { of }: ClearedLabels): void {
  if (of.kind === 'files') return;
  const agents = new Set([...policy.agents(), ...[...tokens.list(), ...labels.list()].map(({ agent }) => agent)]);
  if (agents.has(of.agent)) return;
  const near = nearest(of.agent, [...agents]);
  throw new SmcpError('AGENT_UNKNOWN', `no agent is called ${JSON.stringify(of.agent)}; nothing was cleared`, {
    details: { remedy: near === undefined ? 'see smcp agent list' : `did you mean ${near}?` },
  });
}

function namesOf(path: string): readonly string[] {
  const reading = readWorkspacePath(`${WORKSPACE}/${path}`);
  if (reading.kind === 'path') return reading.path.names;
  const why = reading.kind === 'unwritable' ? `: ${reading.why}` : '';
  throw usage(`no file of a workspace has this path${why}; it is written as notes/a.txt`);
}

function agentIn(written: unknown): AgentName {
  const name = parseAgentName(written);
  if (name === undefined) throw usage('name an agent or a workspace');
  return name;
}

const usage = (message: string): SmcpError =>
  new SmcpError('USAGE', message, {
    details: {
      remedy:
        '--agent A [--session S | --plugin P [--key K]] | --workspace W [--path PATH]; smcp labels places shows what there is',
    },
  });
