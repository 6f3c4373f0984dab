// Makes the rules of a policy ready for decisions, and finds what a schema can't: conditions that can't run, times that are none,
// names that are used twice. Pure. Called by compile.ts.

import { type ConditionCompiler, createConditionCompiler } from '#base/cel.ts';
import { isWritableTime } from '#base/clock.ts';
import type { CompiledCondition } from '#base/condition.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { ApproverTerms } from '#domain/decision.ts';
import { union } from '#domain/labels.ts';
import { ADMIN_TOOL_PREFIX } from '#domain/tool.ts';
import { readApproval } from './approval.ts';
import { readCapabilities, wrongPorts } from './capabilities.ts';
import { createHoursCompiler, type HoursCompiler } from './compile-hours.ts';
import { compileLimits, type LimitFault, scopeOfRule } from './compile-limits.ts';
import { CONDITION_HELPERS } from './condition-helpers.ts';
import type { Finding } from './explain.ts';
import { createReach } from './labels.ts';
import { compileToolPattern, type ToolPattern } from './match.ts';
import type { DenyRule, GrantRule, LabelRule, Rule, SessionTerms } from './rules.ts';
import { rulesThatDecide, type WrittenLists } from './written-rules.ts';

/** Rules by where they stand, for advice. */
export type RuleList = {
  readonly pointer: string;
  readonly kind: 'grants' | 'deny';
  readonly rules: readonly (GrantRule & DenyRule)[];
};

/** The tools of a budget, by where they stand, for advice. */
export type BudgetPatterns = { readonly pointer: string; readonly tools: readonly ToolPattern[] };

/** Conditions that are compiled already, by their source, and what compiles the others. They never run at the same time. */
export type Conditions = {
  readonly compiler: ConditionCompiler;
  readonly compiled: Map<string, CompiledCondition>;
};

export function createConditions(): Conditions {
  return { compiler: createConditionCompiler(CONDITION_HELPERS), compiled: new Map() };
}

/** Compiles a condition, unless it is. */
export function compileCondition({ compiler, compiled }: Conditions, source: string): CompiledCondition {
  const condition = compiled.get(source) ?? compiler.compile(source);
  compiled.set(source, condition);
  return condition;
}

/** What the rules of one document share. */
export type Workshop = {
  readonly findings: Finding[];
  readonly faults: LimitFault[];
  readonly lists: RuleList[];
  readonly budgets: BudgetPatterns[];
  readonly conditions: Conditions;
  readonly patterns: Map<string, ToolPattern>;
  readonly hours: HoursCompiler;
  /** Where each `id` was first used. */
  readonly ids: Map<string, string>;
  readonly written: WrittenLists;
  /** Who has to approve, by where it stands. */
  readonly approvers: { readonly pointer: string; readonly terms: ApproverTerms }[];
};

export function createWorkshop(conditions: Conditions): Workshop {
  return {
    findings: [],
    faults: [],
    lists: [],
    budgets: [],
    conditions,
    patterns: new Map(),
    hours: createHoursCompiler(),
    ids: new Map(),
    written: new Map(),
    approvers: [],
  };
}

/** The rules of a list that decide, each made ready. */
export function compileList(
  written: Json | undefined,
  pointer: string,
  kind: RuleList['kind'],
  workshop: Workshop,
): readonly (GrantRule & DenyRule)[] {
  const rules = listOf(written).flatMap((rule, index) =>
    isJsonObject(rule) ? [compileRule(rule, { list: pointer, index }, workshop)] : [],
  );
  if (rules.length > 0) workshop.lists.push({ pointer, kind, rules });
  return rulesThatDecide(rules, workshop.written);
}

function compileRule(
  written: JsonObject,
  { list, index }: { readonly list: string; readonly index: number },
  workshop: Workshop,
): GrantRule & DenyRule {
  const { id, when, expires, why, capabilities, approval, tools, hours, limits, shadow } = written;
  const { session, sink, after } = written;
  const pointer = `${list}/${index}`;
  if (typeof id === 'string') checkId(id, `${pointer}/id`, workshop);
  const rule: Rule = {
    name: typeof id === 'string' ? id : pointer,
    pointer,
    // Of a deny that names where tools send to: whatever they are called.
    tools: compilePatterns(tools ?? EVERY_TOOL, workshop),
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
  const terms = asks?.approval.approvers;
  if (terms !== undefined) workshop.approvers.push({ pointer: `${pointer}/approval`, terms });
  for (const { key, message, remedy } of asks?.faults ?? []) {
    workshop.findings.push(errorAt(`${pointer}/approval/${key}`, message, remedy));
  }
  const bounds = isJsonObject(limits)
    ? compileLimits(
        limits,
        { rule: rule.name, pointer: `${pointer}/limits`, scope: scopeOfRule(written, list), isShared: false },
        workshop.faults,
      )
    : undefined;
  return {
    ...rule,
    ...(asks === undefined ? {} : { approval: asks.approval }),
    ...(condition === undefined ? {} : { when: condition }),
    ...(open === undefined ? {} : { hours: open }),
    ...(expiresMs === undefined ? {} : { expiresMs }),
    ...(bounds === undefined ? {} : { limits: bounds }),
    ...(typeof why === 'string' ? { why } : {}),
    ...(isJsonObject(session) ? { session: readTerms(session) } : {}),
    ...(typeof sink === 'string' ? { sink } : {}),
    ...(after === undefined ? {} : { after: namesIn(after) }),
    ...(shadow === true ? { isShadow: true } : {}),
    ...(capabilities === undefined ? {} : givenBy(readCapabilities(capabilities))),
  };
}

const givenBy = (capabilities: Capabilities): Pick<GrantRule, 'capabilities' | 'reaches'> => ({
  capabilities,
  reaches: createReach(capabilities),
});

const EVERY_TOOL: readonly string[] = ['*', `${ADMIN_TOOL_PREFIX}*`];

const namesIn = (written: Json | undefined): readonly string[] => union(listOf(written).map(String));

const readTerms = ({ forbid, require }: JsonObject): SessionTerms => ({
  forbid: namesIn(forbid),
  require: namesIn(require),
});

/** What the policy adds to tools' labels. */
export function compileLabelRules(written: Json | undefined, workshop: Workshop): readonly LabelRule[] {
  return listOf(written).flatMap((rule, index) => {
    if (!isJsonObject(rule)) return [];
    const { tools, carries, sink } = rule;
    return [
      {
        pointer: `/labels/${index}`,
        tools: compilePatterns(tools, workshop),
        carries: namesIn(carries),
        ...(typeof sink === 'string' ? { sink } : {}),
      },
    ];
  });
}

/** An `id` names one rule or budget: records name it by that. */
export function checkId(id: string, pointer: string, workshop: Workshop): void {
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

/** Patterns that are written twice are made once. */
export function compilePatterns(written: Json | undefined, { patterns }: Workshop): readonly ToolPattern[] {
  return listOf(written).map((each) => {
    const source = String(each);
    const pattern = patterns.get(source) ?? compileToolPattern(source);
    patterns.set(source, pattern);
    return pattern;
  });
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

export function errorAt(pointer: string, message: string, remedy: string | undefined): Finding {
  return { severity: 'error', pointer, of: 'value', message, ...(remedy === undefined ? {} : { remedy }) };
}

export const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

export function entriesOf(value: Json | undefined): readonly (readonly [string, JsonObject])[] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, part]) => (isJsonObject(part) ? [[name, part] as const] : []));
}
