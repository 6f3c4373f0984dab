// A suggestion as grants, and as the text of a policy. Pure. Called in the thread of policies. Trust: names of tools are those of
// tools that exist; conditions are a person's.

import { canonicalJson } from '#base/canonical-json.ts';
import { rfc3339 } from '#base/clock.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { visible, visibleJson } from '#base/visible.ts';
import type { NotSuggested, SuggestedGrant } from '#domain/policy-review.ts';
import type { GoodText } from '#policy/check-text.ts';
import type { Need, Needs } from './need-book.ts';
import { valueAt } from './rule-identity.ts';

/** A grant has at most as many patterns: the schema's bound. */
const TOOLS_MAX = 256;

export type SuggestionParts = {
  readonly grants: readonly SuggestedGrant[];
  readonly notSuggested: readonly NotSuggested[];
  readonly text: string;
};

/** @param inForce the text in force, by whose grants the needs were told */
export function suggestionOf(
  { needs, refusals }: Needs,
  agent: string,
  inForce: Pick<GoodText, 'value' | 'compiled'>,
): SuggestionParts {
  const order = grantOrder(inForce, agent);
  const groups = new Map<string, { readonly grant: JsonObject; readonly needs: Need[] }>();
  const sorted = needs.toSorted(
    (a, b) => order(a.pointer) - order(b.pointer) || compare(a.because, b.because) || compare(a.tool, b.tool),
  );
  for (const need of sorted) {
    const grant = grantOf(need, inForce.value);
    const key = canonicalJson([need.because, need.pointer, grant]);
    const group = groups.get(key) ?? { grant, needs: [] };
    group.needs.push(need);
    groups.set(key, group);
  }
  const grants = [...groups.values()].flatMap(({ grant, needs: alike }) => suggestedGrants(grant, alike));
  const notSuggested = refusals
    .toSorted((a, b) => b.calls - a.calls || (a.tool < b.tool ? -1 : 1))
    .map(({ rule, ...refusal }) => ({ ...refusal, ...(rule === '' ? {} : { rule }) }));
  return { grants, notSuggested, text: textOf(agent, grants, notSuggested) };
}

/** Where a grant is asked among those of the agent: the suggested ones are asked in the same order. New ones come last. */
function grantOrder({ compiled }: Pick<GoodText, 'compiled'>, agent: string): (pointer: string) => number {
  const grants = compiled.policy.agents.get(agent)?.grants.flat() ?? [];
  const places = new Map(grants.map(({ pointer }, place) => [pointer, place]));
  return (pointer) => places.get(pointer) ?? grants.length;
}

/** The grant that gives it now, without its id and tools, and with no more capabilities than were used. */
function grantOf({ pointer, capabilities: used }: Need, document: JsonObject): JsonObject {
  const written = pointer === '' ? {} : valueAt(document, pointer);
  const { id: _, tools: __, capabilities, ...rest } = isJsonObject(written) ? written : {};
  if (used !== undefined && used !== 'all') {
    return { ...rest, capabilities: Object.keys(used).length === 0 ? [] : (used as JsonObject) };
  }
  return capabilities === undefined ? rest : { ...rest, capabilities };
}

function suggestedGrants(grant: JsonObject, needs: readonly Need[]): readonly SuggestedGrant[] {
  const parts = Array.from({ length: Math.ceil(needs.length / TOOLS_MAX) }, (_, part) =>
    needs.slice(part * TOOLS_MAX, (part + 1) * TOOLS_MAX),
  );
  return parts.map((part) => ({
    tools: part.map(({ tool }) => tool),
    grant,
    because: part[0]?.because ?? 'allowed',
    calls: part.reduce((sum, { calls }) => sum + calls, 0),
    lastMs: Math.max(...part.map(({ lastMs }) => lastMs)),
  }));
}

/** JSON is YAML: what is quoted so means the same, and nothing in it is invisible. */
function textOf(agent: string, grants: readonly SuggestedGrant[], notSuggested: readonly NotSuggested[]): string {
  const rules = grants.flatMap(({ tools, grant, because, calls, lastMs }) => [
    `      # ${because === 'allowed' ? 'allowed' : 'DENIED, and needed only if you want it to be allowed:'} ${calls} ${calls === 1 ? 'call' : 'calls'}, the last ${rfc3339(lastMs)}`,
    `      - tools: ${line(tools)}`,
    ...Object.entries(grant).map(([key, value]) => `        ${key}: ${line(value)}`),
  ]);
  const others = notSuggested.map(({ tool, calls, rule, reason }) => {
    const name = tool === '' ? 'other names' : visible(tool);
    return `# ${name}, ${calls} ${calls === 1 ? 'call' : 'calls'}: ${reason}${rule === undefined ? '' : ` (${visible(rule)})`}`;
  });
  return [
    'version: 1',
    'agents:',
    `  ${line(agent)}:`,
    ...(rules.length === 0 ? ['    grants: []'] : ['    grants:', ...rules]),
    ...(others.length === 0 ? [] : ['# not suggested:', ...others]),
    '',
  ].join('\n');
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const line = (value: Json | readonly string[]): string => visibleJson(value as Json);
