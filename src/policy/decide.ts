// Decides whether an agent may make a call, or a person is asked. Pure: the same policy and query give the same decision. Trust: everything in
// a query but the agent's name and the time is the agent's own words.

import type { ConditionInput } from '#base/condition.ts';
import type { Allow, ApproverTerms, Ask, Decision, DecisionQuery, Deny, PolicyRef } from '#domain/decision.ts';
import type { SeenLabel } from '#domain/labels.ts';
import type { Usage } from '#domain/usage.ts';
import { describeExceeded } from './describe-limit.ts';
import {
  clearingRemedy,
  decidedLabels,
  deniedAfter,
  describeSeen,
  factsUnder,
  type LabelFacts,
  labelFacts,
} from './labels.ts';
import { countersOf, exceededOf } from './limits.ts';
import { cut, missOf, type NearMiss } from './near-miss.ts';
import { covers, inputOf, isAtRest, isInForce } from './rule-match.ts';
import type { AgentRules, DenyRule, GrantRule, Policy } from './rules.ts';

/** What stands in place of a rule where none decided. */
export const DEFAULT_DENY = 'default-deny';

/**
 * Any deny that matches wins; else the first grant that matches decides; else nothing is allowed. Never throws. A
 * condition that fails grants nothing, and in a deny it denies. After the clock was set back a call is allowed if the same
 * grant decides at both times.
 *
 * Then each limit that concerns the call must have room, and an allowed call says from which counters it takes.
 */
export function decide(policy: Policy, ref: PolicyRef, query: DecisionQuery, options: DecideOptions = {}): Decision {
  const rules = policy.agents.get(query.agent);
  if (rules === undefined) return denyUnknownAgent(query, ref);
  const { usage, watch = asItIs } = options;
  const labels = labelFacts(policy, rules, query);
  const asked = { ref, query, watch, labels };
  const { decision: byRules, grant, facts = labels } = decideAt(rules, policy, asked);
  const decision: Decision = { ...byRules, ...decidedLabels(facts) };
  if (decision.kind === 'deny') return decision;
  const { nowMs, latestMs = nowMs } = query;
  if (latestMs > nowMs) {
    const later = decideAt(rules, policy, { ...asked, query: { ...query, nowMs: latestMs } });
    if (later.grant !== grant) return denySetBack(decision, later.decision);
  }
  if (usage === undefined) return decision;
  return withinLimits(decision, {
    limits: { loop: policy.loop, grant: grant?.limits ?? [], agent: rules.limits },
    query,
    usage,
  });
}

export type DecideOptions = {
  /** How full counters are. Absent: limits are not asked. */
  readonly usage?: Usage | undefined;
  /** Stands between the conditions and what they see; for whoever has to know what they look at. */
  readonly watch?: (input: ConditionInput) => ConditionInput;
};

const asItIs = (input: ConditionInput): ConditionInput => input;

type LimitsQuestion = {
  readonly limits: Parameters<typeof countersOf>[0];
  readonly query: DecisionQuery;
  readonly usage: Usage;
};

function withinLimits(decision: Allow | Ask, { limits, query, usage }: LimitsQuestion): Decision {
  const counters = countersOf(limits, query);
  const exceeded = exceededOf(counters, usage);
  if (exceeded === undefined) return counters.length === 0 ? decision : { ...decision, counters };
  const { counter, by } = exceeded;
  const { labels, policy } = decision;
  const told = { ...describeExceeded(counter, by), exceeded: by, ...(labels === undefined ? {} : { labels }) };
  return { kind: 'deny', rule: counter.rule, ...told, policy };
}

function denySetBack(decision: Allow | Ask, later: Decision): Deny {
  const before =
    later.kind === 'deny' ? later.reason : `before that the grant ${later.rule} decided, and now ${decision.rule} does`;
  return {
    kind: 'deny',
    rule: later.kind === 'deny' ? later.rule : DEFAULT_DENY,
    reason: `the clock was set back, which gives nothing again: ${before}`,
    remedy: 'wait until the clock has caught up, or have a person see that it is right and restart the server',
    policy: decision.policy,
  };
}

/** A decision by the rules alone, the grant that allows, and what counts of labels where it takes something away. */
type Decided = { readonly decision: Decision; readonly grant?: GrantRule; readonly facts?: LabelFacts };

type Asked = Omit<Question, 'input'> & Required<Pick<DecideOptions, 'watch'>>;

/**
 * A deny by a sink that only follows from requests denies what the grant, which would decide else, leaves some of them. So the grant
 * is looked for first, and the denies are asked again with what it leaves; each time with steps of their own.
 */
function decideAt(rules: AgentRules, policy: Policy, { query, ref, labels, watch }: Asked): Decided {
  const question = { query, ref, labels, input: watch(inputOf(query, labels)) };
  const denied = firstDeny(rules, question);
  if (denied !== undefined && !mayBeTakenAway(denied.rule, query)) return denied;
  const decided = firstGrant(rules, question, policy.timeoutMs);
  const { grant } = decided;
  if (grant === undefined) return denied ?? decided;
  const facts = factsUnder(labels, { policy, rules, query, grant });
  if (facts === labels) return denied ?? decided;
  if (denied === undefined) return { ...decided, facts };
  const left = { ...question, labels: facts, input: watch(inputOf(query, facts)) };
  return firstDeny(rules, left) ?? { ...decided, facts };
}

const mayBeTakenAway = ({ sink }: DenyRule, { tool }: DecisionQuery): boolean =>
  sink !== undefined && tool.outward?.sinks.includes(sink) === true;

/** Whether some arguments could be allowed now. `latestMs`: as in a query. */
export function mayCall(
  policy: Policy,
  agent: string,
  toolName: string,
  { nowMs, latestMs = nowMs }: Pick<DecisionQuery, 'nowMs' | 'latestMs'>,
): boolean {
  const isShown = mayCallAt(policy, agent, toolName, nowMs);
  return isShown && (!(latestMs > nowMs) || mayCallAt(policy, agent, toolName, latestMs));
}

function mayCallAt(policy: Policy, agent: string, toolName: string, nowMs: number): boolean {
  const rules = policy.agents.get(agent);
  if (rules === undefined) return false;
  const isDenied = rules.denies.some((list) =>
    list.some((rule) => isForAllCalls(rule) && covers(rule, toolName) && !isAtRest(rule, nowMs)),
  );
  if (isDenied) return false;
  return rules.grants.some((list) => list.some((rule) => covers(rule, toolName) && isInForce(rule, nowMs)));
}

const isForAllCalls = ({ when, sink, after }: DenyRule): boolean =>
  when === undefined && sink === undefined && after === undefined;

/** One call that is asked about; `input` is shared by all conditions. */
type Question = {
  readonly query: DecisionQuery;
  readonly input: ConditionInput;
  readonly labels: LabelFacts;
  readonly ref: PolicyRef;
};

type Denied = { readonly decision: Deny; readonly rule: DenyRule; readonly grant?: never; readonly facts?: never };

function firstDeny(rules: AgentRules, question: Question): Denied | undefined {
  const { query, input } = question;
  for (const list of rules.denies) {
    for (const rule of list) {
      if (!covers(rule, query.tool.name) || isAtRest(rule, query.nowMs)) continue;
      const seen = deniedAfter(rule, question.labels);
      if (seen === undefined) continue;
      const outcome = rule.when?.evaluate(input);
      if (outcome?.kind === 'false') continue;
      const failure = outcome?.kind === 'error' ? outcome.message : undefined;
      return { decision: denyBy(rule, question, { seen, failure }), rule };
    }
  }
  return undefined;
}

function denyBy(
  rule: DenyRule,
  { query, ref }: Question,
  { seen, failure }: { readonly seen: readonly SeenLabel[]; readonly failure: string | undefined },
): Deny {
  const what = `the rule ${rule.name} denies ${shown(query.tool.name)}`;
  const after = seen.length === 0 ? '' : ` after ${describeSeen(seen)}`;
  const why = rule.why === undefined ? '' : `: ${rule.why}`;
  const deny = {
    ...({ kind: 'deny', rule: rule.name, policy: ref } as const),
    ...(seen.length === 0 ? {} : { forbidden: seen }),
  };
  if (failure !== undefined) {
    return {
      ...deny,
      reason: `${what}${after}${why} (its condition could not be evaluated, and then it denies: ${cut(failure)})`,
      remedy: `call with arguments that the condition of ${rule.name} can be evaluated for, or have a person change its when in the policy (${rule.pointer})`,
    };
  }
  const reason = `${what}${after}${why}`;
  if (seen.length > 0) return { ...deny, reason, remedy: clearingRemedy(query.agent) };
  const other = rule.when === undefined ? '' : 'call with arguments that its condition does not cover, or ';
  return {
    ...{ ...deny, reason },
    remedy: `${other}have a person change or remove the rule at ${rule.pointer} in the policy; no grant overrides a deny`,
  };
}

function firstGrant(rules: AgentRules, question: Question, timeoutMs: number | undefined): Decided {
  const { query, input, ref } = question;
  let nearMiss: NearMiss | undefined;
  for (const list of rules.grants) {
    for (const rule of list) {
      if (!covers(rule, query.tool.name)) continue;
      const miss = missOf(rule, question);
      // A later grant must not decide because an earlier one could not be asked: it may give more.
      if (miss !== undefined && input.budget.left < 0) return { decision: denyByDefault(query, miss, ref) };
      if (miss === undefined) {
        const decision = granted(rule, shown(query.tool.name), { ref, timeoutMs, workspace: rules.workspace });
        return { decision, grant: rule };
      }
      nearMiss ??= miss;
    }
  }
  return { decision: denyByDefault(query, nearMiss, ref) };
}

/** What a decision has beside the grant's own. */
type Surroundings = {
  readonly ref: PolicyRef;
  readonly timeoutMs: number | undefined;
  readonly workspace: AgentRules['workspace'] | undefined;
};

function granted(
  { name, pointer, capabilities, approval }: GrantRule,
  tool: string,
  { ref, timeoutMs, workspace }: Surroundings,
): Allow | Ask {
  const common = {
    rule: name,
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(workspace === undefined ? {} : { workspace }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    policy: ref,
  };
  if (approval === undefined) return { kind: 'allow', reason: `the grant ${name} covers ${tool}`, ...common };
  const { ruleDigest, ruleText, why, ...terms } = approval;
  return {
    kind: 'ask',
    reason: `the grant ${name} covers ${tool}, and ${whoApproves(terms.approvers)} each call`,
    remedy: `call it, and have ${terms.approvers === undefined ? 'a person approve the call with: smcp approvals' : 'it approved on the console, at /console/approvals'}\nor have a person change approval at ${pointer} in the policy`,
    ruleDigest,
    ...(ruleText === undefined ? {} : { ruleText }),
    ...(why === undefined ? {} : { why }),
    terms,
    ...common,
  };
}

function whoApproves(approvers: ApproverTerms | undefined): string {
  if (approvers === undefined) return 'a person approves';
  const { by, needed } = approvers;
  return needed === 1 ? `one of ${by.join(', ')} approves` : `${needed} of ${by.join(', ')} approve`;
}

function denyByDefault(query: DecisionQuery, nearMiss: NearMiss | undefined, ref: PolicyRef): Deny {
  const { agent } = query;
  const tool = shown(query.tool.name);
  if (nearMiss !== undefined) {
    const reason = `the grant ${nearMiss.rule.name} covers ${tool}, but it ${nearMiss.reason}`;
    const { remedy, forbidden } = nearMiss;
    const labels = forbidden === undefined ? {} : { forbidden };
    return { kind: 'deny', rule: DEFAULT_DENY, reason, remedy, ...labels, policy: ref };
  }
  return {
    kind: 'deny',
    rule: DEFAULT_DENY,
    reason: `no grant of the agent ${agent} covers ${tool}`,
    remedy: isPlain(query.tool.name)
      ? `to allow it, a person adds to agents.${agent}.grants in the policy:\n- tools: ["${query.tool.name}"]`
      : 'no tool can have this name; tools/list gives the names that may be called',
    policy: ref,
  };
}

function denyUnknownAgent(query: DecisionQuery, ref: PolicyRef): Deny {
  return {
    kind: 'deny',
    rule: DEFAULT_DENY,
    reason: `the policy names no agent ${query.agent}`,
    remedy: `a person adds it with: smcp agent add ${query.agent}\nand gives it grants under agents.${query.agent} in the policy`,
    policy: ref,
  };
}

const isPlain = (toolName: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(toolName);

/** A name that is no tool's is the agent's free text: it is not repeated. */
const shown = (toolName: string): string => (isPlain(toolName) ? toolName : 'a tool of this name');
