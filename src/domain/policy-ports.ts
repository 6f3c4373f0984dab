// The policy: what decides, and what changes it. Features import this file, never each other.

import type { Digest } from '#base/digest.ts';
import type { OnChange } from '#base/listeners.ts';
import type { RequiredAct } from './act-ports.ts';
import type { AgentName } from './agent.ts';
import type { Allow, Decision, DecisionQuery, PolicyRef } from './decision.ts';
import type { People } from './person.ts';
import type { Taken } from './usage.ts';

// ── policy ────────────────────────────────────────────────────────────────────────────────────────────────

export type PolicyDecider = {
  /** By the policy in force, the query and how full counters are. Changes nothing. Never throws: what goes wrong in a condition denies. */
  readonly decide: (query: DecisionQuery) => Decision;
  /**
   * Counts a call that was allowed, or asked about and approved, at its turn, from now on. In the turn of its decision: nothing else is decided in between.
   *
   * **Durability:** what is counted is on disk with the next record.
   */
  readonly take: (decision: Pick<Allow, 'counters'>) => Taken;
  /** Whether some arguments could be allowed now: what `tools/list` shows. No grant, or an unconditional deny: false. */
  readonly mayCall: (agent: AgentName, toolName: string, nowMs: number) => boolean;
  readonly current: () => PolicyRef;
  /** After another policy came into force, or a rule of the one in force ended with time, or its hours opened or closed. */
  readonly onChange: OnChange;
};

/** Who may approve calls, as the policy in force says it. */
export type ApproverPolicy = Pick<PolicyDecider, 'decide'> & {
  /** Whether it may ever let the agent call the tool, from now on: at some hour, with some arguments, after whatever was seen. */
  readonly mightCall: (agent: AgentName, toolName: string, nowMs: number) => boolean;
};

// ── administration ────────────────────────────────────────────────────────────────────────────────────────

/** A finding in a policy file. Line and column from 1. */
export type PolicyFinding = {
  readonly severity: 'error' | 'warning';
  readonly line: number;
  readonly column: number;
  readonly pointer: string;
  readonly message: string;
  readonly remedy?: string;
};

/** What is known of the policy's file, beside the text that is in force. */
export type PolicyFileState =
  | { readonly kind: 'in-force' }
  /** A good text that waits for `policy apply`, since the configuration says `policy.apply: manual`. */
  | { readonly kind: 'staged'; readonly digest: Digest }
  /** What is in the file is not applied, and why. */
  | { readonly kind: 'refused'; readonly message: string; readonly findings: readonly PolicyFinding[] };

/** One version of the policy, as it was applied. */
export type PolicyVersionView = PolicyRef & {
  readonly appliedMs: number;
  readonly by: string;
  readonly isInForce: boolean;
};

/** What another text would change. */
export type PolicyDiff = {
  readonly from: PolicyRef;
  readonly to: Digest;
  /** Unified diff of the texts; '' when they are equal. */
  readonly text: string;
  /** `[]` when nobody could do more under it; else sentences that name agent and rule. */
  readonly widenings: readonly string[];
};

/** Who changes the policy. An agent's change must take away only: no agent may do more after it. */
export type PolicyAuthor = {
  readonly by: string;
  readonly mayWiden: boolean;
  /** The digest of the policy in force that the change was looked at under; under another one it is refused (`POLICY_CONFLICT`). */
  readonly onlyUnder?: Digest;
};

export type PolicyAdmin = {
  /** The text in force, its version and digest. */
  readonly show: () => {
    readonly text: string;
    readonly policy: PolicyRef;
    readonly file: string;
    readonly fileState: PolicyFileState;
  };
  /** Names of the agents in force, sorted. */
  readonly agents: () => readonly AgentName[];
  /** Who signs in with a passkey, in force. */
  readonly people: () => People;
  /** What a person has to sign for, in force. Empty: nothing. */
  readonly required: () => ReadonlySet<RequiredAct>;
  /**
   * Reads the file again and applies it whole or not at all.
   *
   * @throws `POLICY_INVALID` with `details.findings` · `POLICY_WIDENS` · `POLICY_UNCHECKED` when checking it takes too much, as each change may
   */
  readonly reload: (author: PolicyAuthor) => Promise<PolicyRef>;
  /** Adds an empty agent to the file, keeping its comments, and applies it. @throws `AGENT_EXISTS`, `POLICY_INVALID` */
  readonly addAgent: (name: AgentName, author: PolicyAuthor) => Promise<PolicyRef>;
  /**
   * Puts `text` into the file and applies it; without a text what the file holds now.
   *
   * @throws `POLICY_INVALID` · `POLICY_WIDENS` · `PERSON_NEEDED` when an agent gives a rule a new `id` or `why` · `POLICY_CONFLICT`
   * when the file holds another text that was never applied
   */
  readonly apply: (text: string | undefined, author: PolicyAuthor) => Promise<PolicyRef>;
  /**
   * Everything that is wrong with a text, and what is probably not meant; without a text what the file holds now. Changes nothing, and
   * refuses no text for what it says. @throws `POLICY_UNCHECKED` · `QUEUE_FULL`
   */
  readonly check: (text: string | undefined) => Promise<readonly PolicyFinding[]>;
  /** Compares with the text in force; without a text what the file holds now. @throws `POLICY_INVALID` · `POLICY_UNCHECKED` · `QUEUE_FULL` */
  readonly diff: (text: string | undefined) => Promise<PolicyDiff>;
  /** Newest first. */
  readonly history: () => readonly PolicyVersionView[];
  /** The text of a version. @throws `POLICY_VERSION_UNKNOWN` */
  readonly version: (version: number) => PolicyVersionView & { readonly text: string };
  /** Puts the text of an earlier version in force as a new one. @throws `POLICY_VERSION_UNKNOWN` · as `apply` */
  readonly rollback: (version: number, author: PolicyAuthor) => Promise<PolicyRef>;
};
