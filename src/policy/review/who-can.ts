// Who may call a tool under a policy: each agent with its decision and the rules that lead to it. Pure. Called in the thread
// of policies. Trust: the tool's name and the arguments are whoever's who asks.

import type { ExactJsonObject } from '#base/exact-json.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PolicyRef } from '#domain/decision.ts';
import { supposedSeen, withoutOutward } from '#domain/labels.ts';
import type { AgentAnswer, DecisionKind, ReviewedTool, RuleOnTheWay, Stop, WhoCan } from '#domain/policy-review.ts';
import { DEFAULT_DENY, decide } from '#policy/decide.ts';
import { labelCondition, sinksOf } from '#policy/labels.ts';
import { covers, isAtRest, isInForce } from '#policy/rule-match.ts';
import type { AgentRules, DenyRule, GrantRule, Policy } from '#policy/rules.ts';

export type WhoCanQuestion = {
  readonly tool: ReviewedTool;
  /** Absent: for any arguments. */
  readonly args?: ExactJsonObject;
  /** As `PolicyReview.whoCan`. */
  readonly seen?: ReadonlyMap<string, readonly string[]>;
  readonly stopped: ReadonlyMap<string, Stop>;
  readonly nowMs: number;
  readonly countMax: number;
};

const ORDER: { readonly [kind in DecisionKind]: number } = { allow: 0, ask: 1, deny: 2 };

/** Every agent of the policy is asked about, however many are told. */
export function whoCan(policy: Policy, ref: PolicyRef, question: WhoCanQuestion): WhoCan {
  const counts = { allow: 0, ask: 0, deny: 0 };
  const answers: AgentAnswer[] = [];
  for (const [name, rules] of policy.agents) {
    const answer = answerOf(policy, ref, { ...question, agent: name as AgentName, rules });
    counts[answer.decision] += 1;
    answers.push(answer);
  }
  answers.sort((a, b) => ORDER[a.decision] - ORDER[b.decision] || (a.agent < b.agent ? -1 : 1));
  return { policy: ref, agents: answers.slice(0, question.countMax), counts };
}

type AgentQuestion = WhoCanQuestion & { readonly agent: AgentName; readonly rules: AgentRules };

function answerOf(policy: Policy, ref: PolicyRef, question: AgentQuestion): AgentAnswer {
  const { agent, rules, tool, args, stopped, nowMs } = question;
  const seen = supposedSeen(agent, question.seen?.get(agent) ?? []);
  const stop = stopped.get(agent);
  if (stop !== undefined) return { agent, decision: 'deny', ...stop, conditions: [] };
  if (args === undefined) {
    const left = reachedBy(rules, tool, nowMs) ? tool : withoutOutward(tool);
    const sinks = sinksOf(policy, left);
    return { agent, ...forAnyArguments(rules, { name: tool.name, ...(sinks && { sinks }) }, nowMs) };
  }
  const { kind, rule, reason } = decide(policy, ref, {
    ...{ agent, tool, args, nowMs },
    labels: { agent: seen, session: seen },
  });
  return { agent, decision: kind, rule, reason, conditions: [] };
}

/** Whether some grant in force leaves the tool a request that leaves this machine, if it asks for one. */
const reachedBy = ({ grants }: AgentRules, { name, outward }: ReviewedTool, nowMs: number): boolean =>
  outward !== undefined &&
  grants.flat().some((rule) => covers(rule, name) && isInForce(rule, nowMs) && rule.reaches?.(outward) !== false);

/** Walks the rules as a decision does, and notes where arguments would lead it on. */
function forAnyArguments(
  rules: AgentRules,
  { name: toolName, sinks }: { readonly name: string; readonly sinks?: readonly string[] },
  nowMs: number,
): Omit<AgentAnswer, 'agent'> {
  const way: RuleOnTheWay[] = [];
  for (const rule of rules.denies.flat()) {
    if (!covers(rule, toolName) || isAtRest(rule, nowMs)) continue;
    if (rule.sink !== undefined && sinks?.includes(rule.sink) === false) continue;
    const when = conditionOf(rule);
    if (when === undefined) {
      const why = rule.why === undefined ? '' : `: ${rule.why}`;
      return { decision: 'deny', rule: rule.name, reason: `the rule ${rule.name} denies it${why}`, conditions: [] };
    }
    way.push({ rule: rule.name, effect: 'deny', when });
  }
  const grants: RuleOnTheWay[] = [];
  for (const rule of rules.grants.flat()) {
    if (!covers(rule, toolName) || !isInForce(rule, nowMs)) continue;
    const when = conditionOf(rule);
    const effect = rule.approval === undefined ? 'allow' : 'ask';
    grants.push({ rule: rule.name, effect, ...(when === undefined ? {} : { when }) });
    if (when === undefined) break;
  }
  const first = grants[0];
  if (first === undefined) {
    return { decision: 'deny', rule: DEFAULT_DENY, reason: 'no grant in force covers it', conditions: [] };
  }
  const conditions = [...way, ...grants];
  const isCertain = conditions.every(({ when }) => when === undefined);
  const asks = first.effect === 'ask' ? ', and a person approves each call' : '';
  const reason = `the grant ${first.rule} covers it${asks}${isCertain ? '' : ', under conditions'}`;
  return { decision: first.effect, rule: first.rule, reason, conditions: isCertain ? [] : conditions };
}

/** Its condition, and what it says of labels; undefined: it matches whatever the call is. */
function conditionOf(rule: GrantRule & DenyRule): string | undefined {
  const ofLabels = labelCondition(rule);
  const source = rule.when?.source;
  if (ofLabels === undefined || source === undefined) return ofLabels ?? source;
  return `${ofLabels} && (${source})`;
}
