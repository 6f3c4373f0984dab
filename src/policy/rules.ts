// A policy that was checked and made ready for decisions. Pure types.

import type { Condition } from '#base/condition.ts';
import type { RequiredAct } from '#domain/act-ports.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { ApprovalTerms, Ask } from '#domain/decision.ts';
import type { Outward } from '#domain/labels.ts';
import type { People } from '#domain/person.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';
import type { Hours } from './hours.ts';
import type { Limit, LoopBreaker } from './limits.ts';
import type { ToolPattern } from './match.ts';

/** What grants and denies have in common. */
export type Rule = {
  /** The rule's `id`, else its JSON pointer. */
  readonly name: string;
  readonly pointer: string;
  readonly tools: readonly ToolPattern[];
  /** Absent: for all arguments. */
  readonly when?: Condition;
  /** When it matches. Absent: at all times. */
  readonly hours?: Hours;
  /** From then on the rule does not match. Absent: never. */
  readonly expiresMs?: number;
  /** It never decides: what it would have decided is told beside the decision. Absent: it decides. */
  readonly isShadow?: true;
};

/** Labels of the session that a grant is held to. `[]`: none of this kind. Sorted. */
export type SessionTerms = {
  /** The grant does not match once any of these was seen. */
  readonly forbid: readonly string[];
  /** It matches only where all of these were. */
  readonly require: readonly string[];
};

export type GrantRule = Rule & {
  /** Absent: whatever was seen. */
  readonly session?: SessionTerms;
  /** Absent: as approved · `{}`: none · else only what it names. */
  readonly capabilities?: Capabilities;
  /** Whether they leave a tool some of these requests. There where they are. */
  readonly reaches?: (outward: Outward) => boolean;
  /** Of the calls that it decides. Absent: none of its own. */
  readonly limits?: readonly Limit[];
  /** Absent: nobody is asked. */
  readonly approval?: RuleApproval;
};

/** That a person is asked before each call, and the digest of the whole rule that says so; its text and `why` as in `Ask`. */
export type RuleApproval = ApprovalTerms & Pick<Ask, 'ruleDigest' | 'ruleText' | 'why'>;

export type DenyRule = Rule & {
  readonly why?: string;
  /** Only tools that send to it. Absent: wherever they send. */
  readonly sink?: string;
  /** Only once all of these were seen. Sorted. Absent: whatever was. */
  readonly after?: readonly string[];
};

/** What the policy says of tools' labels, beside what is known of them. */
export type LabelRule = {
  readonly pointer: string;
  readonly tools: readonly ToolPattern[];
  /** Sorted. */
  readonly carries: readonly string[];
  readonly sink?: string;
};

/** In the order in which they are asked: top level, own, roles for denies; own, roles for grants. Lists are shared. */
export type RuleSet = {
  readonly denies: readonly (readonly DenyRule[])[];
  readonly grants: readonly (readonly GrantRule[])[];
};

/** The set is of rules that decide. */
export type AgentRules = RuleSet & {
  /** All its rules, those in shadow among them, in the same order. Absent: none is in shadow. */
  readonly written?: RuleSet;
  /** Of all its calls, whichever grant decides: its own or the default, its roles', budgets. Lists are shared. */
  readonly limits: readonly (readonly Limit[])[];
  /** Names of its roles, whose rules are among those above. Absent: none. */
  readonly roles?: readonly string[];
  /** Where its files are. Absent: in the workspace that has its name. */
  readonly workspace?: WorkspaceName;
  /** Each of its sessions has seen only what was seen in it: a trusted client keeps them apart. Absent: all have seen all. */
  readonly hasSeparateSessions?: true;
};

export type Policy = {
  readonly agents: ReadonlyMap<string, AgentRules>;
  /** Who signs in with a passkey. Absent: nobody. No decision asks them. */
  readonly people?: People;
  /** What a person has to sign for with a passkey. Absent: nothing. */
  readonly required?: ReadonlySet<RequiredAct>;
  /** Absent: it adds none. */
  readonly labels?: readonly LabelRule[];
  /** From `defaults.timeout`. */
  readonly timeoutMs?: number;
  /** From `defaults.loop`, or what holds where it says nothing. Absent: off. */
  readonly loop?: LoopBreaker;
  /**
   * What an agent would have that is given a role, by the role's name, and under '' one that is given none. No decision asks
   * them: they are compared where an agent changes the policy.
   */
  readonly roles?: ReadonlyMap<string, AgentRules>;
};
