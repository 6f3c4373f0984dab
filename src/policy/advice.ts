// What is allowed in a policy and yet probably not meant: warnings for `policy check`. Pure.

import { pointerSegment } from '#base/exact-json.ts';
import type { JsonObject } from '#base/json.ts';
import type { ToolLabels } from '#domain/labels.ts';
import { ADMIN_TOOL_PREFIX } from '#domain/tool.ts';
import { adviseApprovers } from './approver-advice.ts';
import type { CompiledPolicy } from './compile.ts';
import type { RuleList } from './compile-rule.ts';
import { adviseCondition } from './condition-advice.ts';
import type { Finding } from './explain.ts';
import { coversHours } from './hours.ts';
import { adviseLabels, type KnownLabels, knownLabels } from './label-advice.ts';
import { coversPattern, type ToolPattern } from './match.ts';
import { isSeenWith } from './narrower-labels.ts';
import type { DenyRule, GrantRule, Rule } from './rules.ts';
import { adviseTexts } from './text-advice.ts';

/** What advice looks at of a tool. */
export type AdvisedTool = Partial<ToolLabels> & { readonly name: string; readonly inputSchema: JsonObject };

export function advise(
  { lists, budgets, policy }: Pick<CompiledPolicy, 'lists' | 'budgets' | 'policy'>,
  tools: readonly AdvisedTool[],
  nowMs: number,
): readonly Finding[] {
  const matches = createMatches(tools);
  const known = knownLabels(tools, policy.labels);
  const ofRules = lists.flatMap(({ pointer, kind, rules }) =>
    rules.flatMap((rule, index) => {
      const before = rules.slice(0, index);
      const denies = kind === 'grants' ? deniesOver(pointer, lists, policy) : [];
      return [
        ...adviseExpiry(rule, kind, nowMs),
        ...(kind === 'grants' ? adviseReach(rule, before, denies) : []),
        ...adviseApproval(rule),
        ...advisePatterns(rule, matches),
        ...adviseWhen(rule, matches),
        ...adviseSeen(rule, known),
      ];
    }),
  );
  const { labels = [] } = policy;
  const ofApprovers = adviseApprovers(policy, nowMs).map(({ pointer, message, remedy }) =>
    warning(pointer, message, remedy),
  );
  return [...ofRules, ...[...budgets, ...labels].flatMap((one) => advisePatterns(one, matches)), ...ofApprovers];
}

type Matches = (pattern: ToolPattern) => readonly AdvisedTool[];

/** Patterns are shared between rules: each is tried on the tools once. */
function createMatches(tools: readonly AdvisedTool[]): Matches {
  const found = new Map<ToolPattern, readonly AdvisedTool[]>();
  return (pattern) => {
    const known = found.get(pattern) ?? tools.filter((tool) => pattern.matches(tool.name));
    found.set(pattern, known);
    return known;
  };
}

function warning(pointer: string, message: string, remedy: string, within?: number): Finding {
  return { severity: 'warning', pointer, of: 'value', message, remedy, ...(within === undefined ? {} : { within }) };
}

function adviseExpiry(rule: Rule, kind: RuleList['kind'], nowMs: number): readonly Finding[] {
  if (rule.expiresMs === undefined || nowMs < rule.expiresMs) return [];
  const what =
    kind === 'grants' ? 'this grant has expired and gives nothing' : 'this deny has expired and denies nothing';
  return [warning(`${rule.pointer}/expires`, what, 'remove the rule, or set a later time')];
}

function advisePatterns(rule: Pick<Rule, 'tools' | 'pointer'>, matches: Matches): readonly Finding[] {
  return rule.tools.flatMap((pattern, index) => {
    if (matches(pattern).length > 0) return [];
    const message = `no tool of today is matched by ${JSON.stringify(pattern.source)}`;
    const remedy = pattern.source.startsWith(ADMIN_TOOL_PREFIX)
      ? 'smcp docs lists the tools that can be granted; some acts are left to people'
      : 'smcp tools lists the names; plugins come and go';
    return [warning(`${rule.pointer}/tools/${index}`, message, remedy)];
  });
}

/** Denies that hold whenever this list of grants is asked: everybody's, its agent's or role's own, and those of its agent's roles. */
function deniesOver(
  pointer: string,
  lists: readonly RuleList[],
  { agents }: CompiledPolicy['policy'],
): readonly DenyRule[] {
  const segment = /^\/agents\/([^/]+)\/grants$/.exec(pointer)?.[1];
  const { roles = [] } = (segment === undefined ? undefined : agents.get(readSegment(segment))) ?? {};
  const places = new Set(['/deny', pointer.replace(/grants$/, 'deny'), ...roles.map(denyOfRole)]);
  return lists.filter((list) => places.has(list.pointer)).flatMap((list) => list.rules);
}

const denyOfRole = (role: string): string => `/roles/${pointerSegment(role)}/deny`;

const readSegment = (segment: string): string => segment.replaceAll('~1', '/').replaceAll('~0', '~');

/** Whether it matches, as far as arguments, labels and time go, whenever `rule` does. */
const isAlways = (other: GrantRule & DenyRule, rule: GrantRule & DenyRule): boolean =>
  other.isShadow !== true &&
  other.when === undefined &&
  isSeenWith(other, [rule]) &&
  other.expiresMs === undefined &&
  coversHours(other.hours, rule.hours);

function adviseReach(rule: Rule, before: readonly GrantRule[], denies: readonly DenyRule[]): readonly Finding[] {
  for (const [others, verb, remedy] of [
    [denies, 'denied', 'remove one of the two'],
    [before, 'decided', 'remove it, or move it up'],
  ] as const) {
    const always = others.filter((other) => isAlways(other, rule));
    const covering = rule.tools.map((inner) =>
      always.find((other) => other.tools.some((outer) => coversPattern(outer, inner))),
    );
    const first = covering[0];
    if (first === undefined || covering.includes(undefined)) continue;
    const message = `this grant is never reached: ${first.name} has always ${verb} before it`;
    return [warning(rule.pointer, message, remedy)];
  }
  return [];
}

function adviseApproval({ approval, pointer }: GrantRule): readonly Finding[] {
  if (approval?.trustsClient !== true) return [];
  const message = "the agent's own client may approve: some clients answer forms by themselves";
  return [warning(`${pointer}/approval/trustClient`, message, 'leave trustClient out where a person has to decide')];
}

function adviseSeen(rule: Rule, known: KnownLabels): readonly Finding[] {
  return adviseLabels(rule, known).map(({ at, message, remedy, within }) =>
    warning(`${rule.pointer}${at}`, message, remedy, within),
  );
}

const TOOLS_TOLD_MAX = 3;

/** The same advice for several tools is told once. */
function adviseWhen(rule: Rule, matches: Matches): readonly Finding[] {
  const { when } = rule;
  if (when === undefined) return [];
  const told = new Map<string, { readonly within: number; readonly remedy?: string; readonly tools: Set<string> }>();
  const tools = [...new Set(rule.tools.flatMap((pattern) => matches(pattern)))];
  // Of texts it is wrong whatever the tools are, and also where none is there today.
  const known = tools.length === 0 ? [{ name: 'any tool', inputSchema: {} }] : tools;
  for (const tool of known) {
    const ofSchema = tools.length === 0 ? [] : adviseCondition(when.tree, tool.inputSchema);
    for (const { message, within, remedy } of [...ofSchema, ...adviseTexts(when.tree, tool.inputSchema)]) {
      const key = `${within} ${message}`;
      const known = told.get(key) ?? { within, ...(remedy === undefined ? {} : { remedy }), tools: new Set() };
      known.tools.add(tool.name);
      told.set(key, known);
    }
  }
  return [...told].map(([key, { within, remedy, tools }]) => {
    const names = [...tools].slice(0, TOOLS_TOLD_MAX).join(', ');
    const more = tools.size > TOOLS_TOLD_MAX ? ` and ${tools.size - TOOLS_TOLD_MAX} more` : '';
    const message = `${key.slice(key.indexOf(' ') + 1)} (${names}${more})`;
    return warning(`${rule.pointer}/when`, message, remedy ?? 'compare the condition with the schema', within);
  });
}
