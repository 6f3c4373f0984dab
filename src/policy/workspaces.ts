// Which workspace each agent has, and that no two have the same but where the policy says so. Pure.

import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import type { Finding } from './explain.ts';
import type { Policy } from './rules.ts';

/** What `wideningsOf` says of agents whose files would be others: what lies there may be another agent's. */
export function* workspaceWidenings(before: Policy, after: Policy): Generator<string> {
  for (const [name, { workspace = name }] of after.agents) {
    const { workspace: earlier = name } = before.agents.get(name) ?? {};
    if (workspace !== earlier) yield `agent ${name}: its workspace would be ${workspace}, ${earlier} before`;
  }
}

/** Errors; `[]` when each agent has a workspace of its own, or one that the agents who share it are named for. */
export function checkWorkspaces(document: JsonObject): readonly Finding[] {
  const agents = isJsonObject(document['agents']) ? document['agents'] : {};
  const written = isJsonObject(document['shares']) ? Object.entries(document['shares']) : [];
  const shares: Shares = new Map(
    written.map(([name, list]) => [name, new Set(Array.isArray(list) ? list.map(String) : [])]),
  );
  return [...doubles(agents, shares), ...wrongShares(agents, shares)].slice(0, LIMITS.policyFindingsMax);
}

/** By workspace, the agents that share it, in the order of the text. */
type Shares = ReadonlyMap<string, ReadonlySet<string>>;

function* doubles(agents: JsonObject, shares: Shares): Generator<Finding> {
  const first = new Map<string, string>();
  for (const agent of Object.keys(agents)) {
    const workspace = workspaceIn(agents, agent);
    const other = first.get(workspace);
    first.set(workspace, other ?? agent);
    if (other === undefined) continue;
    const shared = shares.get(workspace);
    if (shared?.has(agent) && shared.has(other)) continue;
    const isWritten = isJsonObject(agents[agent]) && Object.hasOwn(agents[agent], 'workspace');
    yield {
      ...{ severity: 'error', of: isWritten ? 'value' : 'key' },
      pointer: isWritten ? `/agents/${agent}/workspace` : `/agents/${agent}`,
      message: `${agent} would have the workspace ${JSON.stringify(workspace)} of ${other}, and read and change its files`,
      remedy: `give it another one, or say that they share it: shares: { ${workspace}: [${other}, ${agent}] }`,
    };
  }
}

function* wrongShares(agents: JsonObject, shares: Shares): Generator<Finding> {
  let suggestions: number = LIMITS.policySuggestionsMax;
  for (const [workspace, shared] of shares) {
    for (const [index, agent] of [...shared].entries()) {
      const pointer = `/shares/${workspace}/${index}`;
      if (!Object.hasOwn(agents, agent)) {
        suggestions -= 1;
        const near =
          suggestions < 0 ? undefined : nearest(agent, Object.keys(agents).slice(0, LIMITS.suggestionCandidatesMax));
        const remedy = near === undefined ? 'name an agent of this policy' : `did you mean ${JSON.stringify(near)}?`;
        yield { severity: 'error', pointer, of: 'value', message: `unknown agent ${JSON.stringify(agent)}`, remedy };
      } else if (workspaceIn(agents, agent) !== workspace) {
        const message = `${agent} has the workspace ${JSON.stringify(workspaceIn(agents, agent))}, so it shares no other`;
        const remedy = `write agents: { ${agent}: { workspace: ${workspace} } }, or leave it out here`;
        yield { severity: 'error', pointer, of: 'value', message, remedy };
      }
    }
  }
}

function workspaceIn(agents: JsonObject, agent: string): string {
  const rules = agents[agent];
  const written = isJsonObject(rules) ? rules['workspace'] : undefined;
  return typeof written === 'string' ? written : agent;
}
