// One tool call, from request to answer. Pure.

import type { ErrorCode, WireError } from '#base/errors.ts';
import type { ExactJson, ExactJsonObject } from '#base/exact-json.ts';
import type { JsonObject } from '#base/json.ts';
import type { AgentName, CallToken } from './agent.ts';

export const DOORS = ['mcp', 'sse', 'stdio', 'admin'] as const;

/** The way a call came in; part of the record. */
export type Door = (typeof DOORS)[number];

/** A request to the dispatcher. **Trust:** `tool`, `args` and `session` are the agent's words; `agent` is authenticated. */
export type CallRequest = {
  readonly agent: AgentName;
  readonly door: Door;
  readonly tool: string;
  /** As they came: every number stands as it was spelled. */
  readonly args: ExactJsonObject;
  /** What came in place of an object; `args` is then empty, and the call is refused and recorded as `ARGUMENTS_INVALID`. */
  readonly strayArgs?: ExactJson;
  readonly session?: string;
  /** Absent: it came by a door without tokens. */
  readonly token?: CallToken;
  /** The client's own key: the same key of the same agent and tool gives the answer of the first call again. */
  readonly idempotencyKey?: string;
  /** The request for approval that the client says lets this call through. */
  readonly approval?: string;
  /** Whether its client can be asked to approve it: where the rule trusts clients, the call does not wait by itself then. */
  readonly canAskClient?: boolean;
  /** What its client says that somebody decided about a request. It counts where the rule trusts clients. */
  readonly asserted?: { readonly id: string; readonly isApproved: boolean };
  /** Whether the caller's token still stands for the agent; asked again when the call's turn comes. Absent: it does. */
  readonly mayStillAct?: () => boolean;
  /** Aborted when the caller cancels or goes away. */
  readonly signal?: AbortSignal;
  /** Called for each progress message of the tool, while it runs. */
  readonly onProgress?: (progress: Progress) => void;
};

export type Progress = { readonly progress: number; readonly total?: number; readonly message?: string };

/** What a tool's run came to. */
export type ToolAnswer =
  /** `text`: how the tool itself wrote the value, where it wrote one; absent: its JSON. */
  | { readonly kind: 'value'; readonly value: ExactJson; readonly text?: string }
  /** `text`: how the tool itself told of its error. */
  | { readonly kind: 'error'; readonly error: WireError; readonly text?: string };

/** The answer to a call; `receipt` is absent only when no record could be written. */
export type CallOutcome = {
  readonly invocation: string;
  readonly answer: ToolAnswer;
  readonly receipt?: Receipt;
  /** Names of the labels that the answer carries. Absent: none. */
  readonly labels?: readonly string[];
  /**
   * The answer of an earlier call under the same idempotency key, whose invocation and receipt these are. Nothing ran for this
   * one; its own record names that receipt.
   */
  readonly isReplayed?: true;
  /** That its client may be asked to approve it. Nothing ran. */
  readonly asked?: AskedOfClient;
};

/** The request, and the arguments that the tool would get; why the rule asks, labels that the agent had seen, names of sub-agents. */
export type AskedOfClient = {
  readonly id: string;
  readonly argsJson: string;
  readonly expiresMs: number;
  readonly why?: string;
  readonly seen: readonly string[];
  readonly actors: readonly string[];
};

/** Of a call that a plugin's tool made: where it comes from. */
export type Lineage = {
  /** The invocation that made it. */
  readonly parent: string;
  /** The tools above it that are under way, the root's first; never empty. */
  readonly chain: readonly string[];
};

/** `main` for plugins' tools, `control` for the server's own. */
export type LaneName = 'main' | 'control';

/** A call that waits or runs, as an operator sees it. */
export type CallView = {
  readonly invocation: string;
  readonly agent: AgentName;
  readonly tool: string;
  readonly door: Door;
  readonly lane: LaneName;
  /** `asking`: it waits to be approved, outside of any lane. */
  readonly state: 'asking' | 'waiting' | 'running';
  readonly receivedMs: number;
  /** Absent while it waits. */
  readonly startedMs?: number;
};

export type Usage = {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly heapBytesPeak: number;
  /** What the call cost, in millionths, of a tool that tells it. */
  readonly costMicros?: number;
};

/** What was used of one capability: kind and target, count, bytes, digest of the transcript. */
export type UsedCapability = {
  readonly kind: string;
  readonly target: string;
  readonly count: number;
  readonly bytes: number;
  readonly transcript: string;
};

/**
 * What is known of a run's effect. `known`: it never began, or its end was seen and each host call with an effect had been
 * answered by then. `unknown`: its process was ended, or ended by itself, while it ran, or such a host call was under way.
 */
export type EffectKnowledge = 'known' | 'unknown';

/** How a run in the sandbox ended. `lost`: its process was ended for what may be another call's fault; its effect is unknown. */
export type RunOutcome =
  /** `text`: what a program of the command-line protocol printed, from which the result was read. Bounded as the result is. */
  | { readonly kind: 'returned'; readonly resultJson: string; readonly text?: string; readonly usage: Usage }
  | {
      readonly kind: 'failed';
      readonly error: { readonly code: ErrorCode; readonly message: string; readonly details?: JsonObject };
      readonly effect: EffectKnowledge;
      readonly usage: Usage;
    }
  | { readonly kind: 'cancelled'; readonly effect: EffectKnowledge; readonly usage: Usage }
  | { readonly kind: 'lost'; readonly usage: Usage };

/** Proof that a record is in the log: its index and its leaf hash (base64 SHA-256). **Durability:** exists only for what is on disk. */
export type Receipt = { readonly index: number; readonly leaf: string };
