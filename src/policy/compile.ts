// Makes a policy of the schema's shape ready for decisions, and finds what a schema can't: names that lead nowhere,
// conditions that can't run, times that are none. Pure.

import { type ConditionCompiler, createConditionCompiler } from '#base/cel.ts';
import { isWritableTime } from '#base/clock.ts';
import type { CompiledCondition } from '#base/condition.ts';
import { parseDurationMs } from '#base/duration.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { isJsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';
import { readApproval } from './approval.ts';
import { readCapabilities, wrongPorts } from './capabilities.ts';
import { createHoursCompiler, type HoursCompiler } from './compile-hours.ts';
import type { Finding } from './explain.ts';
import { compileToolPattern, type ToolPattern } from './match.ts';
import type { AgentRules, DenyRule, GrantRule, Policy, Rule } from './rules.ts';
import { checkWorkspaces } from './workspaces.ts';

/** Rules by where they stand, for advice. */
export type RuleList = {
  readonly pointer: string;
  readonly kind: 'grants' | 'deny';
  readonly rules: readonly (GrantRule & DenyRule)[];
};

export type CompiledPolicy = {
  readonly policy: Policy;
  /** Every list of rules, each once. */
  readonly lists: readonly RuleList[];
  /** Errors; the policy may be applied only when there are none. */
  readonly findings: readonly Finding[];
};

/** Conditions that are compiled already, by their source, and what compiles the others. They never run at the same time. */
export type Conditions = {
  readonly compiler: ConditionCompiler;
  readonly compiled: Map<string, CompiledCondition>;
};

export function createConditions(): Conditions {
  return { compiler: createConditionCompiler(), compiled: new Map() };
}

/** Compiles a condition, unless it is. */
export function compileCondition({ compiler, compiled }: Conditions, source: string): CompiledCondition {
  const condition = compiled.get(source) ?? compiler.compile(source);
  compiled.set(source, condition);
  return condition;
}

/** What the rules of one document share. */
type Workshop = {
  readonly findings: Finding[];
  readonly lists: RuleList[];
  readonly conditions: Conditions;
  readonly patterns: Map<string, ToolPattern>;
  readonly hours: HoursCompiler;
  /** Where each `id` was first used. */
  readonly ids: Map<string, string>;
};

/** `document` fits `schemas/policy.v1.json`. Conditions and patterns that are written twice are compiled once. */
export function compilePolicy(document: JsonObject, conditions: Conditions = createConditions()): CompiledPolicy {
  const workshop: Workshop = {
    findings: [],
    lists: [],
    conditions,
    patterns: new Map(),
    hours: createHoursCompiler(),
    ids: new Map(),
  };
  const everybody = compileList(document['deny'], '/deny', 'deny', workshop);
  const roles = new Map<string, { readonly grants: readonly GrantRule[]; readonly deny: readonly DenyRule[] }>();
  for (const [name, role] of entriesOf(document['roles'])) {
    roles.set(name, {
      grants: compileList(role['grants'], `/roles/${name}/grants`, 'grants', workshop),
      deny: compileList(role['deny'], `/roles/${name}/deny`, 'deny', workshop),
    });
  }
  const agents = new Map<string, AgentRules>();
  for (const [name, agent] of entriesOf(document['agents'])) {
    const grants = compileList(agent['grants'], `/agents/${name}/grants`, 'grants', workshop);
    const deny = compileList(agent['deny'], `/agents/${name}/deny`, 'deny', workshop);
    const own = listOf(agent['roles']).flatMap((role, index) => {
      const found = roles.get(String(role));
      const { findings } = workshop;
      if (found === undefined && findings.length < LIMITS.policyFindingsMax)
        findings.push(unknownRole(String(role), `/agents/${name}/roles/${index}`, roles, findings.length));
      return found === undefined ? [] : [found];
    });
    agents.set(name, {
      denies: [everybody, deny, ...own.map((role) => role.deny)].filter((list) => list.length > 0),
      grants: [grants, ...own.map((role) => role.grants)].filter((list) => list.length > 0),
      roles: listOf(agent['roles']).map(String),
      ...(typeof agent['workspace'] === 'string' ? { workspace: agent['workspace'] as WorkspaceName } : {}),
    });
  }
  const given = new Map<string, AgentRules>([['', { denies: [everybody], grants: [] }]]);
  for (const [name, { grants, deny }] of roles) given.set(name, { denies: [everybody, deny], grants: [grants] });
  workshop.findings.push(...checkWorkspaces(document));
  const timeoutMs = compileTimeout(document, workshop);
  return {
    policy: { agents, roles: given, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    lists: workshop.lists,
    findings: workshop.findings,
  };
}

function compileTimeout(document: JsonObject, workshop: Workshop): number | undefined {
  const defaults = document['defaults'];
  const written = isJsonObject(defaults) ? defaults['timeout'] : undefined;
  if (typeof written !== 'string') return undefined;
  const timeoutMs = parseDurationMs(written);
  if (timeoutMs > LIMITS.timeoutMsMax) {
    const message = `a call may run for ${LIMITS.timeoutMsMax / 60_000} minutes at most`;
    workshop.findings.push(errorAt('/defaults/timeout', message, 'write a shorter time, such as 30s'));
  }
  return timeoutMs;
}

function compileList(
  written: Json | undefined,
  pointer: string,
  kind: RuleList['kind'],
  workshop: Workshop,
): readonly (GrantRule & DenyRule)[] {
  const rules = listOf(written).flatMap((rule, index) =>
    isJsonObject(rule) ? [compileRule(rule, `${pointer}/${index}`, workshop)] : [],
  );
  if (rules.length > 0) workshop.lists.push({ pointer, kind, rules });
  return rules;
}

function compileRule(written: JsonObject, pointer: string, workshop: Workshop): GrantRule & DenyRule {
  const { id, when, expires, why, capabilities, approval, tools, hours } = written;
  if (typeof id === 'string') checkId(id, `${pointer}/id`, workshop);
  const rule: Rule = {
    name: typeof id === 'string' ? id : pointer,
    pointer,
    tools: listOf(tools).map((pattern) => compilePattern(String(pattern), workshop)),
  };
  const condition = typeof when === 'string' ? compileWhen(when, `${pointer}/when`, workshop) : undefined;
  const expiresMs = typeof expires === 'string' ? compileExpires(expires, `${pointer}/expires`, workshop) : undefined;
  const open = isJsonObject(hours) ? compileHours(hours, `${pointer}/hours`, workshop) : undefined;
  if (capabilities !== undefined) {
    for (const index of wrongPorts(capabilities)) {
      workshop.findings.push(errorAt(`${pointer}/capabilities/net/${index}`, 'there is no such port', '1 to 65535'));
    }
  }
  const asks = isJsonObject(approval) ? readApproval(approval, written) : undefined;
  for (const { key, message, remedy } of asks?.faults ?? []) {
    workshop.findings.push(errorAt(`${pointer}/approval/${key}`, message, remedy));
  }
  return {
    ...rule,
    ...(asks === undefined ? {} : { approval: asks.approval }),
    ...(condition === undefined ? {} : { when: condition }),
    ...(open === undefined ? {} : { hours: open }),
    ...(expiresMs === undefined ? {} : { expiresMs }),
    ...(typeof why === 'string' ? { why } : {}),
    ...(capabilities === undefined ? {} : { capabilities: readCapabilities(capabilities) }),
  };
}

function checkId(id: string, pointer: string, workshop: Workshop): void {
  const first = workshop.ids.get(id);
  if (id === 'default-deny') {
    workshop.findings.push(errorAt(pointer, '"default-deny" stands for no rule at all', 'choose another id'));
  } else if (first !== undefined) {
    const message = `the id ${JSON.stringify(id)} is used twice, first at ${first}`;
    workshop.findings.push(errorAt(pointer, message, 'choose another id: records name a rule by it'));
  } else {
    workshop.ids.set(id, pointer);
  }
}

function compilePattern(source: string, workshop: Workshop): ToolPattern {
  const pattern = workshop.patterns.get(source) ?? compileToolPattern(source);
  workshop.patterns.set(source, pattern);
  return pattern;
}

function compileWhen(source: string, pointer: string, workshop: Workshop): Rule['when'] {
  const compiled = compileCondition(workshop.conditions, source);
  if (compiled.kind === 'condition') return compiled.condition;
  for (const { offset, message, remedy } of compiled.problems) {
    workshop.findings.push({ ...errorAt(pointer, `in the condition: ${message}`, remedy), within: offset });
  }
  return undefined;
}

function compileHours(written: JsonObject, pointer: string, workshop: Workshop): Rule['hours'] {
  const compiled = workshop.hours(written);
  if (compiled.kind === 'hours') return compiled.hours;
  const { key, message, remedy } = compiled.fault;
  workshop.findings.push(errorAt(`${pointer}/${key}`, message, remedy));
  return undefined;
}

/** V8 reads the 31st of any month as a day: it must still be that day when it is read back. */
function compileExpires(written: string, pointer: string, workshop: Workshop): number | undefined {
  const expiresMs = Date.parse(written.toUpperCase());
  const day = Date.parse(`${written.slice(0, 10)}T00:00:00Z`);
  if (isWritableTime(expiresMs) && new Date(day).toISOString().startsWith(written.slice(0, 10))) return expiresMs;
  workshop.findings.push(errorAt(pointer, 'there is no such time', 'write it as 2027-01-01T00:00:00Z'));
  return undefined;
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

function errorAt(pointer: string, message: string, remedy: string | undefined): Finding {
  return { severity: 'error', pointer, of: 'value', message, ...(remedy === undefined ? {} : { remedy }) };
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

function entriesOf(value: Json | undefined): readonly (readonly [string, JsonObject])[] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, part]) => (isJsonObject(part) ? [[name, part] as const] : []));
}
