// What people ask about a policy before they change it: who may call a tool, which rules decide nothing. Types only. Answers
// are made from the policy in force and from the log; nothing is changed by asking.

import type { Digest } from '#base/digest.ts';
import type { ExactJsonObject } from '#base/exact-json.ts';
import type { JsonObject } from '#base/json.ts';
import type { AgentName } from './agent.ts';
import type { CapabilityKind } from './capability.ts';
import type { PolicyRef } from './decision.ts';
import type { ToolLabels } from './labels.ts';
import type { CountedUnit, exceededView } from './usage.ts';

/** What a decision may be; `ask`: a person is asked first. */
export type DecisionKind = 'allow' | 'ask' | 'deny';

/** A tool as it is asked about; `inputSchema` is absent where no tool has the name today. */
export type ReviewedTool = Partial<ToolLabels> & { readonly name: string; readonly inputSchema?: JsonObject };

/** A rule that is asked before the decision is certain. `when` absent: it always matches. */
export type RuleOnTheWay = {
  readonly rule: string;
  readonly effect: DecisionKind;
  readonly when?: string;
};

/** What one agent would be answered. */
export type AgentAnswer = {
  readonly agent: AgentName;
  /** Without arguments: `deny` only where no arguments could be allowed now. */
  readonly decision: DecisionKind;
  /** The rule that decides; without arguments the first that may allow, else the one that denies. */
  readonly rule: string;
  readonly reason: string;
  /** In the order in which they are asked; `[]` where the decision is the same for all arguments, or arguments were given. */
  readonly conditions: readonly RuleOnTheWay[];
};

/** What stops an agent before the policy is asked: a freeze, or an act that is left to people. */
export type Stop = { readonly rule: string; readonly reason: string };

export type WhoCan = {
  readonly policy: PolicyRef;
  /** Those that may call it first, then by name. At most as many as were asked for. */
  readonly agents: readonly AgentAnswer[];
  /** Of all agents. */
  readonly counts: { readonly [kind in DecisionKind]: number };
};

/** A rule of the policy in force. */
export type ReviewedRule = {
  /** As decisions name it. */
  readonly rule: string;
  readonly pointer: string;
  readonly effect: 'grant' | 'deny';
  readonly tools: readonly string[];
  /** It never decides. */
  readonly isShadow: boolean;
};

export type UnusedRule = ReviewedRule & {
  /** Since when it is in force without a break, as far as it was looked at; it can't have been used before. */
  readonly sinceMs: number;
};

/** How far back the log was read. */
export type LogSpan = {
  /** Of the oldest decision that was looked at, or the time that was asked for where the log reaches beyond it. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly decisions: number;
  /** Records of calls without a decision of a policy: frozen, arguments that don't fit, a tool that is not there. */
  readonly undecided: number;
  /** Records that are not what this product writes. */
  readonly unreadable: number;
  /** False where it took too long to read as far back as was asked for. */
  readonly isComplete: boolean;
};

export type UnusedRules = {
  readonly policy: PolicyRef;
  readonly span: LogSpan;
  /** In the order of the policy. */
  readonly unused: readonly UnusedRule[];
  /** Rules in shadow that would have decided something, and how often. */
  readonly shadows: readonly (ReviewedRule & { readonly calls: number })[];
  /** Of the policy in force. */
  readonly rules: number;
  /** Decisions by rules that are not in the policy in force any more. */
  readonly byFormerRules: number;
  /** Decisions whose policy's text is not kept, or was not looked at. */
  readonly byUnknownRules: number;
};

/** A recorded decision that another policy would make differently. */
export type ChangedDecision = {
  readonly index: number;
  readonly invocation: string;
  /** When its record was written. */
  readonly timeMs: number;
  readonly agent: string;
  readonly tool: string;
  readonly was: {
    readonly decision: DecisionKind;
    readonly rule: string;
    readonly version: number;
    /** What the limit counts that had no room for it; absent: no limit denied it. */
    readonly limit?: string;
  };
  readonly wouldBe: {
    readonly decision: DecisionKind;
    readonly rule: string;
    readonly reason: string;
    /** The limit that would have no room for it; `rule` is then the one that sets it. */
    readonly limit?: LimitView;
  };
  /** What the policy in force says of the same call, where that can be said. */
  readonly inForce?: DecisionKind;
};

/** As answers and records have a limit that is full. */
export type LimitView = ReturnType<typeof exceededView>;

/** Changes that are alike: of one agent and tool, from one rule to another. `reason` is that of the first of them. */
export type ChangeGroup = Omit<ChangedDecision, 'index' | 'invocation' | 'timeMs' | 'was' | 'wouldBe' | 'inForce'> & {
  readonly was: Omit<ChangedDecision['was'], 'version'>;
  readonly wouldBe: Omit<ChangedDecision['wouldBe'], 'limit'>;
  readonly count: number;
  /** Of the newest of them. */
  readonly invocation: string;
};

export type SimulationCounts = {
  /** The same decision. */
  readonly same: number;
  /** Of them, those that another rule would make. */
  readonly byAnotherRule: number;
  readonly changed: number;
  /** A rule looks at arguments that are not kept any more. */
  readonly withoutArguments: number;
  /** A rule looks at arguments of a tool that is not there any more, so that the types of its numbers are not known. */
  readonly withoutTool: number;
};

/** Calls that are alike, which would be allowed with less than they used. */
export type LackingCalls = {
  readonly agent: string;
  readonly tool: string;
  /** That would allow them. */
  readonly rule: string;
  readonly lacks: readonly CapabilityKind[];
  readonly calls: number;
  /** Of the newest of them. */
  readonly invocation: string;
};

/** A rule in shadow, of calls that it would have come to decide. */
export type SimulatedShadow = {
  readonly rule: string;
  readonly decision: DecisionKind;
  readonly calls: number;
  /** Of them, those that the rules which decide decide otherwise. */
  readonly changes: number;
};

/** A limit of the other policy that would stop calls. */
export type SimulatedLimit = {
  /** As denials name it. */
  readonly rule: string;
  readonly unit: CountedUnit;
  readonly limit: number;
  readonly perMs?: number;
  /** That it would stop. */
  readonly calls: number;
  /** Of them, those that were not denied. */
  readonly changes: number;
};

/** What had to be assumed of decisions so that limits could count them: how many there were of each kind. */
export type CountingFacts = {
  /** Denied then, and allowed now: each counts with what its tool declares to cost, moves no bytes and ends at once. */
  readonly neverRan: number;
  /** Counted without their arguments, which are not kept: no bytes of theirs, and no two are the same call. */
  readonly withoutArguments: number;
  /** Counted after calls that began later: too many were under way to be held. */
  readonly late: number;
  /** Something counted for all sessions, as no record tells in which one it was seen. */
  readonly supposedLabels: number;
};

/** A limit whose first window is not seen whole. */
export type PartialLimit = { readonly rule: string; readonly unit: CountedUnit; readonly perMs: number };

export type Counting = CountingFacts & {
  /** From when on calls are counted: from before the first decision that is told, or from the first record of the log. */
  readonly fromMs: number;
  /** Limits whose window began before that: until it ends they count too few. */
  readonly partial: readonly PartialLimit[];
};

export type Simulation = SimulationCounts & {
  /** Of the other policy. */
  readonly digest: Digest;
  readonly span: LogSpan;
  /** The newest first, at most as many as were asked for. */
  readonly changes: readonly ChangedDecision[];
  /** The most frequent first. */
  readonly lacking: readonly LackingCalls[];
  /** The most frequent first. */
  readonly limits: readonly SimulatedLimit[];
  readonly counting: Counting;
  /** What rules of the other policy that are in shadow would have decided, the most frequent first. */
  readonly shadows: readonly SimulatedShadow[];
  /** Of all changes, the most frequent first; at most `LIMITS.policyReviewRowsMax`. */
  readonly groups: readonly ChangeGroup[];
};

/** Tools that an agent was found to need, under one grant. */
export type SuggestedGrant = {
  readonly tools: readonly string[];
  /** As the grant is written, without its tools; keys such as `when` are those of the grant that decided. */
  readonly grant: JsonObject;
  /** `allowed`: calls were allowed, and would be by it · `denied`: calls were denied for want of a grant. */
  readonly because: 'allowed' | 'denied';
  readonly calls: number;
  readonly lastMs: number;
};

/** A tool that was asked for and is not in the suggestion, and why. */
export type NotSuggested = {
  readonly tool: string;
  readonly calls: number;
  readonly lastMs: number;
  /** The rule that stands against it, where one does. */
  readonly rule?: string;
  readonly reason: string;
};

export type Suggestion = {
  readonly policy: PolicyRef;
  readonly span: LogSpan;
  readonly grants: readonly SuggestedGrant[];
  /** The most frequent first. */
  readonly notSuggested: readonly NotSuggested[];
  /** Calls that can't be told to need a grant: a rule looks at arguments that are not kept, or at those of a tool that is gone. */
  readonly unknown: number;
  /** A policy with this agent alone and these grants, as YAML. */
  readonly text: string;
};

/** Each rejects with `POLICY_UNCHECKED` when a bound is reached, `QUEUE_FULL` when too much is asked at a time, `SHUTTING_DOWN`. */
export type PolicyReview = {
  /**
   * Has another policy decide the last recorded decisions once more, as if it had been in force then, with the tools of today.
   *
   * **Trust:** `text` is anybody's.
   * @throws `POLICY_INVALID` with `details.findings`
   */
  readonly simulate: (question: {
    readonly text: string;
    readonly sinceMs: number;
    readonly decisionsMax: number;
    readonly countMax: number;
  }) => Promise<Simulation>;
  /**
   * @param question.args absent: for any arguments
   * @param question.stopped agents that are stopped, by name
   */
  readonly whoCan: (question: {
    readonly tool: ReviewedTool;
    readonly args?: ExactJsonObject;
    /** Labels that agents have seen, by their names; absent: none has seen any. Asked with arguments only. */
    readonly seen?: ReadonlyMap<string, readonly string[]>;
    readonly stopped: ReadonlyMap<string, Stop>;
    readonly countMax: number;
  }) => Promise<WhoCan>;
  /** The smallest grants that the log shows one agent to have needed since then. */
  readonly suggest: (question: { readonly agent: AgentName; readonly sinceMs: number }) => Promise<Suggestion>;
  /** Rules that decided nothing since then, by what they say and not by where they stand. */
  readonly unused: (question: { readonly sinceMs: number }) => Promise<UnusedRules>;
};
