// Makes a policy of the schema's shape ready for decisions, and finds what a schema can't: names that lead nowhere, and what
// compile-rule.ts and compile-limits.ts find. Pure.

import { parseDurationMs } from '#base/duration.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';
import { compileLimits, compileLoop, scopeOfBudget } from './compile-limits.ts';
import {
  type BudgetPatterns,
  type Conditions,
  checkId,
  compileLabelRules,
  compileList,
  compilePatterns,
  createConditions,
  createWorkshop,
  entriesOf,
  errorAt,
  listOf,
  type RuleList,
  type Workshop,
} from './compile-rule.ts';
import type { Finding } from './explain.ts';
import type { Limit } from './limits.ts';
import { compilePeople, compileRequired } from './people.ts';
import type { AgentRules, DenyRule, GrantRule, Policy } from './rules.ts';
import { checkWorkspaces } from './workspaces.ts';
import { decidingRules } from './written-rules.ts';

export type CompiledPolicy = {
  readonly policy: Policy;
  /** Every list of rules, each once. */
  readonly lists: readonly RuleList[];
  /** Every budget that is for some tools only. */
  readonly budgets: readonly BudgetPatterns[];
  /** Errors; the policy may be applied only when there are none. */
  readonly findings: readonly Finding[];
};

/** What everybody, an agent or a role brings. */
type Part = {
  readonly grants: readonly GrantRule[];
  readonly deny: readonly DenyRule[];
  readonly limits: readonly (readonly Limit[])[];
};

/** As `compileSteps`, in one go. */
export function compilePolicy(document: JsonObject, conditions: Conditions = createConditions()): CompiledPolicy {
  const steps = compileSteps(document, conditions);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * `document` fits `schemas/policy.v1.json`. Conditions and patterns that are written twice are compiled once. Yields after each role
 * and agent, so that a large policy is made ready beside other work.
 */
export function* compileSteps(document: JsonObject, conditions: Conditions): Generator<void, CompiledPolicy> {
  const workshop = createWorkshop(conditions);
  const defaults = isJsonObject(document['defaults']) ? document['defaults'] : {};
  const timeoutMs = compileTimeout(defaults, workshop);
  const loop = compileLoop(defaults['loop'], workshop.faults);
  const standard = limitsAt(defaults['limits'], { pointer: '/defaults/limits', scope: 'agent' }, workshop);
  const everybody: Part = {
    grants: [],
    deny: compileList(document['deny'], '/deny', 'deny', workshop),
    limits: [budgetsAt(document['budgets'], '/budgets', workshop)],
  };
  const labels = compileLabelRules(document['labels'], workshop);
  const roles = new Map<string, Part>();
  for (const [name, role] of entriesOf(document['roles'])) {
    roles.set(name, compileRole(role, name, workshop));
    yield;
  }
  const agents = new Map<string, AgentRules>();
  for (const [name, agent] of entriesOf(document['agents'])) {
    const own = compileAgent(agent, { name, standard }, workshop);
    agents.set(name, {
      ...rulesOf([everybody, own, ...rolesOf(agent, { name, roles }, workshop)], workshop),
      roles: listOf(agent['roles']).map(String),
      ...(agent['sessions'] === 'separate' ? { hasSeparateSessions: true } : {}),
      ...(typeof agent['workspace'] === 'string' ? { workspace: agent['workspace'] as WorkspaceName } : {}),
    });
    yield;
  }
  const { people, findings } = compilePeople(document, workshop.approvers);
  const { required, findings: unconfirmed } = compileRequired(document, people);
  workshop.findings.push(...checkWorkspaces(document), ...unconfirmed, ...findings);
  const to: Part = { grants: [], deny: [], limits: [standard] };
  const given = new Map<string, AgentRules>([['', rulesOf([everybody, to], workshop)]]);
  for (const [name, role] of roles) given.set(name, rulesOf([everybody, to, role], workshop));
  return {
    policy: {
      ...{ agents, roles: given, people },
      ...(required.size === 0 ? {} : { required }),
      ...(labels.length === 0 ? {} : { labels }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(loop === undefined ? {} : { loop }),
    },
    lists: workshop.lists,
    budgets: workshop.budgets,
    findings: [
      ...workshop.findings,
      ...workshop.faults.map((fault) => errorAt(fault.pointer, fault.message, fault.remedy)),
    ],
  };
}

function compileRole(role: JsonObject, name: string, workshop: Workshop): Part {
  const at = `/roles/${name}`;
  return {
    grants: compileList(role['grants'], `${at}/grants`, 'grants', workshop),
    deny: compileList(role['deny'], `${at}/deny`, 'deny', workshop),
    limits: [
      limitsAt(role['limits'], { pointer: `${at}/limits`, scope: `role:${name}` }, workshop),
      budgetsAt(role['budgets'], `${at}/budgets`, workshop),
    ],
  };
}

/** Limits of its own take the place of the default ones, and go on with their counters. */
function compileAgent(
  agent: JsonObject,
  { name, standard }: { readonly name: string; readonly standard: readonly Limit[] },
  workshop: Workshop,
): Part {
  const at = `/agents/${name}`;
  const limits = limitsAt(agent['limits'], { pointer: `${at}/limits`, scope: 'agent' }, workshop);
  return {
    grants: compileList(agent['grants'], `${at}/grants`, 'grants', workshop),
    deny: compileList(agent['deny'], `${at}/deny`, 'deny', workshop),
    limits: [
      agent['limits'] === undefined ? standard : limits,
      budgetsAt(agent['budgets'], `${at}/budgets`, workshop, true),
    ],
  };
}

function rolesOf(
  agent: JsonObject,
  { name, roles }: { readonly name: string; readonly roles: ReadonlyMap<string, Part> },
  { findings }: Workshop,
): readonly Part[] {
  return listOf(agent['roles']).flatMap((role, index) => {
    const found = roles.get(String(role));
    if (found === undefined && findings.length < LIMITS.policyFindingsMax)
      findings.push(unknownRole(String(role), `/agents/${name}/roles/${index}`, roles, findings.length));
    return found === undefined ? [] : [found];
  });
}

/** In the order in which they are asked. */
function rulesOf(parts: readonly Part[], { written }: Workshop): AgentRules {
  const some = <T>(lists: readonly (readonly T[])[]) => lists.filter((list) => list.length > 0);
  return {
    ...decidingRules({ denies: parts.map(({ deny }) => deny), grants: parts.map(({ grants }) => grants) }, written),
    limits: some(parts.flatMap(({ limits }) => limits)),
  };
}

function limitsAt(
  written: Json | undefined,
  { pointer, scope }: { readonly pointer: string; readonly scope: string },
  { faults }: Workshop,
): readonly Limit[] {
  if (!isJsonObject(written)) return [];
  return compileLimits(written, { rule: pointer, pointer, scope, isShared: false }, faults);
}

function budgetsAt(written: Json | undefined, list: string, workshop: Workshop, isOwn = false): readonly Limit[] {
  return listOf(written).flatMap((budget, index) => {
    if (!isJsonObject(budget)) return [];
    const { id, tools } = budget;
    const pointer = `${list}/${index}`;
    if (typeof id === 'string') checkId(id, `${pointer}/id`, workshop);
    const patterns = tools === undefined ? undefined : compilePatterns(tools, workshop);
    if (patterns !== undefined) workshop.budgets.push({ pointer, tools: patterns });
    const owner = {
      ...{ rule: typeof id === 'string' ? id : pointer, pointer },
      ...{ scope: scopeOfBudget(budget, list), isShared: !isOwn },
      ...(patterns === undefined ? {} : { tools: patterns }),
    };
    return compileLimits(budget, owner, workshop.faults);
  });
}

function compileTimeout({ timeout }: JsonObject, workshop: Workshop): number | undefined {
  if (typeof timeout !== 'string') return undefined;
  const timeoutMs = parseDurationMs(timeout);
  if (timeoutMs > LIMITS.timeoutMsMax) {
    const message = `a call may run for ${LIMITS.timeoutMsMax / 60_000} minutes at most`;
    workshop.findings.push(errorAt('/defaults/timeout', message, 'write a shorter time, such as 30s'));
  }
  return timeoutMs;
}

/** Only the first ones are told, and fewer still get a name that is meant: an agent may send a text of nothing else. */
function unknownRole(role: string, pointer: string, roles: ReadonlyMap<string, unknown>, told: number): Finding {
  const candidates = [...roles.keys()].slice(0, LIMITS.suggestionCandidatesMax);
  const near = told < LIMITS.policySuggestionsMax ? nearest(role, candidates) : undefined;
  const known =
    roles.size === 0
      ? 'there are no roles; add it under roles'
      : `the roles are: ${candidates.slice(0, 16).join(', ')}`;
  const remedy = near === undefined ? known : `did you mean ${JSON.stringify(near)}?`;
  return errorAt(pointer, `unknown role ${JSON.stringify(role)}`, remedy);
}
