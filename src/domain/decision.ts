// What a policy answers: allow, ask a person, deny. A denial is a value: it says which rule decided and what would change it. Pure.

import { type Digest, sha256 } from '#base/digest.ts';
import type { ExactJsonObject } from '#base/exact-json.ts';
import type { JsonObject } from '#base/json.ts';
import type { AgentName } from './agent.ts';
import type { Capabilities, EffectClass } from './capability.ts';
import type { LabelsSeen } from './label-ports.ts';
import type { Outward, SeenLabel } from './labels.ts';
import type { Counter, Exceeded } from './usage.ts';
import type { WorkspaceName } from './workspace-path.ts';

/**
 * A policy document. `version` counts applied documents of this home, from 1; 0, with the digest of no text, stands for none:
 * before the first one nothing is allowed.
 */
export type PolicyRef = { readonly version: number; readonly digest: Digest };

/** What is in force before any policy was applied. */
export const NO_POLICY: PolicyRef = { version: 0, digest: sha256('') };

export type DecisionQuery = {
  readonly agent: AgentName;
  /** Full tool name and, where the tool is known, its input schema (types of numbers in conditions), effect and cost. */
  readonly tool: {
    readonly name: string;
    readonly inputSchema?: JsonObject;
    readonly effect?: EffectClass;
    /** What a call takes when its turn comes, in millionths: what it costs, or may cost at most. Absent: it declares none. */
    readonly costMicros?: number;
    /** What its results carry, and what it sends to. Absent: nothing is known of it. */
    readonly labels?: readonly string[];
    readonly sinks?: readonly string[];
    /** What of these goes where the deciding grant leaves no request that leaves this machine. Absent: nothing. */
    readonly outward?: Outward;
  };
  readonly args: ExactJsonObject;
  /** Of their canonical text. Absent: it is made where it is needed. */
  readonly argsDigest?: () => Digest;
  readonly nowMs: number;
  /**
   * The latest time that was seen, where the clock was set back since: what holds at one of the two times only, allows nothing.
   * Absent, or not after `nowMs`: it was not.
   */
  readonly latestMs?: number;
  readonly session?: string;
  /** What was seen before the call. Absent: nothing. */
  readonly labels?: LabelsSeen;
  /** Rules about labels are not asked: an answer that was given once may only be given again. Absent: they are. */
  readonly ignoresLabels?: true;
  /**
   * Which limits are asked. Absent: those of windows, as when a call is admitted · `turn`: how many run, too; what is allowed may then
   * be taken · `under-way`: none, since the call has taken its part, or takes none.
   */
  readonly stage?: 'turn' | 'under-way';
  /** Keys of counters of running calls that the calls above it hold: it runs in their place. */
  readonly holds?: readonly string[];
};

/** What a rule in shadow would have decided, had it alone been one that decides. */
export type ShadowDecision = { readonly rule: string; readonly decision: 'allow' | 'ask' | 'deny' };

/** What a decision says of labels. */
export type DecidedLabels = {
  /** Those that counted. */
  readonly seen: readonly SeenLabel[];
  /** What the result will carry, as manifest and policy say. Sorted. */
  readonly carries: readonly string[];
};

export type Allow = {
  readonly kind: 'allow';
  /** The `id` of the deciding rule, else its JSON pointer. */
  readonly rule: string;
  readonly reason: string;
  /** What the grant narrows the tool's capabilities to; absent: as approved; `{}`: none. */
  readonly capabilities?: Capabilities;
  /** Where the agent's files are; absent: in the workspace that has its name. */
  readonly workspace?: WorkspaceName;
  /** From `defaults.timeout`; the smaller of this and the tool's own counts. */
  readonly timeoutMs?: number;
  /** Rules in shadow that would have come to decide; absent: none. */
  readonly shadow?: readonly ShadowDecision[];
  /** Absent: nothing was seen, and nothing is carried. */
  readonly labels?: DecidedLabels;
  /** What it takes from, where limits were asked. */
  readonly counters?: readonly Counter[];
  readonly policy: PolicyRef;
};

/** Who has to approve. `by`: names of people, `role:approver` or `role:admin`. `needed`: how many different ones of them. */
export type ApproverTerms = { readonly by: readonly string[]; readonly needed: number };

/** How a grant wants its calls approved. */
export type ApprovalTerms = {
  /** How long a request can be approved, and an approval used, from when it was asked for. */
  readonly ttlMs: number;
  /** Whether an answer that the agent's own client asserts counts. */
  readonly trustsClient: boolean;
  /** People who have to, each with a passkey; nobody else may. Absent: whoever shows the home's token, or was granted the tool. */
  readonly approvers?: ApproverTerms;
  /** How long a call waits for it at most, 0: not at all; absent: as by default. */
  readonly waitMs?: number;
};

/** Allowed, once a person has approved exactly this call. The other parts are those of an `Allow`. */
export type Ask = Omit<Allow, 'kind'> & {
  readonly kind: 'ask';
  /** Of the rule that asks, as it is written: another rule asks anew, one that only moved does not. */
  readonly ruleDigest: Digest;
  /** The rule as RFC 8785 writes it: the text that the digest is of. Absent: it is too long to be shown. */
  readonly ruleText?: string;
  /** What the rule says of why it asks. */
  readonly why?: string;
  readonly terms: ApprovalTerms;
  readonly remedy: string;
};

export type Deny = {
  readonly kind: 'deny';
  /** As in `Allow`, or `default-deny` when no rule matched. */
  readonly rule: string;
  readonly reason: string;
  readonly remedy: string;
  /** As in `Allow`. */
  readonly shadow?: readonly ShadowDecision[];
  /** The limit that has no room; `rule` is then the one that sets it. Absent: no limit was in the way. */
  readonly exceeded?: Exceeded;
  /** As in `Allow`. */
  readonly labels?: DecidedLabels;
  /** Of what was seen, that because of which it denies. Absent: it would deny without them. */
  readonly forbidden?: readonly SeenLabel[];
  readonly policy: PolicyRef;
};

export type Decision = Allow | Ask | Deny;
