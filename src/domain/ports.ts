// The interfaces through which features meet; src/app joins them. Features import this file, never each other.

import type { JsonObject } from '#base/json.ts';
import type { OnChange } from '#base/listeners.ts';
import type { AgentName, HeldToken, Principal, SignedBy, TokenRow } from './agent.ts';
import type { PluginReview } from './approval.ts';
import type { CapabilityKind } from './capability.ts';
import type { Freeze, FreezeQuery, FreezeScope } from './freeze.ts';
import type { CallOutcome, CallRequest, CallView, LaneName, Receipt, ToolAnswer } from './invocation.ts';
import type { PluginReport, PluginTool } from './manifest.ts';
import type { ProofBundle } from './proof-bundle.ts';
import type { RecordDraft, RecordKey, StoredRecord } from './record.ts';
import type { ClosingRange, ClosingRow } from './store-ports.ts';
import type { ExchangeWish, SignedRevocations } from './token-ports.ts';
import type { ScopeList } from './token-scope.ts';
import type { AdminTool, Tool } from './tool.ts';

// ── identity ──────────────────────────────────────────────────────────────────────────────────────────────

export type IssuedToken = {
  readonly id: string;
  readonly agent: AgentName;
  readonly token: string;
  readonly expiresMs?: number;
};

export type Authenticator = {
  /** Who this token stands for; undefined when unknown, expired or revoked. Compares in constant time. */
  readonly authenticate: (token: string) => Principal | undefined;
  /** Whether a principal that was authenticated would be so once more: its token is neither revoked nor expired. */
  readonly stillHolds: (principal: Principal) => boolean;
};

/** What doors ask: of a token that another issuer signed the answer may take a while. Rejects with `INSUFFICIENT_SCOPE` only. */
export type DoorAuthenticator = Pick<Authenticator, 'stillHolds'> & {
  readonly authenticate: (token: string) => Principal | undefined | Promise<Principal | undefined>;
  /** After a token may have ended. */
  readonly onChange: OnChange;
};

/** Knows tokens that another issuer signed, since they were shown here. */
export type SignedTokens = {
  /** The agent of one by its id; undefined for one that was not shown since the start, or has ended. */
  readonly ownerOf: (id: string) => AgentName | undefined;
  /** Names of the issuers whose tokens are taken. */
  readonly issuers: readonly string[];
  readonly revocations: SignedRevocations;
};

export type TokenAuthority = Authenticator & {
  /**
   * The only time the token's text is seen. Drops what has been dead for `LIMITS.tokenDeadKeptMs`.
   *
   * @param options.scopes absent: it takes nothing from what the policy gives
   * @throws `USAGE` when `expiresInMs` is not from 1 to `LIMITS.tokenLifetimeMsMax`, or a scope is none
   */
  readonly issue: (
    agent: AgentName,
    options: { readonly expiresInMs?: number; readonly scopes?: ScopeList },
  ) => IssuedToken;
  /**
   * A narrower token for a sub-agent of the same agent: it leaves what the token above it leaves and its own scopes do, and ends with each
   * of the tokens above it. It is on disk once `wish.record` has resolved.
   *
   * @throws `USAGE` for what is no scope · `TOKENS_FULL` · `UNAUTHENTICATED` when the token above it has ended meanwhile
   */
  readonly exchange: (principal: Principal & { readonly kind: 'agent' }, wish: ExchangeWish) => Promise<IssuedToken>;
  readonly list: () => readonly TokenRow[];
  /**
   * In force, and told, before it is kept: when it throws it is in force until the server ends.
   *
   * @param owner of a token that another issuer signed, whose agent it stands for; absent: one of ours
   * @throws `TOKEN_UNKNOWN`
   */
  readonly revoke: (id: string, owner?: AgentName) => void;
  readonly isRevoked: (id: string) => boolean;
  /** Which token of a trusted issuer one was exchanged for, itself or through others; undefined: none, or no token has this id. */
  readonly signedBy: (id: string) => SignedBy | undefined;
  /** After a token was revoked or expired. */
  readonly onChange: OnChange;
};

// ── freezes ───────────────────────────────────────────────────────────────────────────────────────────────

export type FreezeDecider = {
  /** The freeze that stops the call, the widest first; undefined when none does. */
  readonly stops: (query: FreezeQuery) => Freeze | undefined;
};

export type Freezes = FreezeDecider & {
  /** In the order they were made. */
  readonly list: () => readonly Freeze[];
  /**
   * In force, and told, before it is kept; a scope that is frozen already stays as it is. When it throws it is in force until
   * the server ends.
   *
   * **Durability:** on disk when it returns.
   */
  readonly freeze: (scope: FreezeScope, by: string) => Freeze;
  /** False when the scope was not frozen. `by`: whom people are told of. **Durability:** as `freeze`. */
  readonly unfreeze: (scope: FreezeScope, by: string) => boolean;
  /** After something more was frozen. */
  readonly onChange: OnChange;
};

// ── registry ──────────────────────────────────────────────────────────────────────────────────────────────

/** The tools that can be called: of plugins that are `ready`, and the server's own. */
export type ToolCatalog = {
  /** By full name. */
  readonly tool: (name: string) => Tool | undefined;
  /** Those that agents may be shown, sorted by name. */
  readonly tools: () => readonly Tool[];
  /** After the tools have changed. */
  readonly onChange: OnChange;
};

export type PluginCatalog = {
  readonly tool: (name: string) => PluginTool | undefined;
  readonly tools: () => readonly PluginTool[];
  readonly onChange: OnChange;
  /** Every plugin that was found, also those that are refused or disabled. Sorted by name. */
  readonly reports: () => readonly PluginReport[];
};

export type PluginAdmin = {
  /** Serves the plugin's tools again. @throws `PLUGIN_UNKNOWN` */
  readonly enable: (name: string) => PluginReport;
  /** Its tools vanish before that is kept. **Durability:** on disk when it returns. @throws `PLUGIN_UNKNOWN` */
  readonly disable: (name: string, by: string) => PluginReport;
  /** Looks at every plugins directory again; what can't be read leaves the present plugins as they are. */
  readonly reload: () => Promise<readonly PluginReport[]>;
  /** What a person is shown before they approve a plugin. @throws `PLUGIN_UNKNOWN` · `PLUGIN_LOAD_FAILED` for one that is refused */
  readonly review: (name: string) => PluginReview;
  /**
   * Serves exactly what `digest` names, with all that it asks but the kinds of `without`; absent: but what was left out before.
   *
   * **Durability:** on disk when it returns.
   *
   * @throws `PLUGIN_CHANGED` when it is another one by now · as `review` · `USAGE` for one that came with the product.
   */
  readonly approve: (
    name: string,
    act: { readonly digest: string; readonly without?: readonly CapabilityKind[]; readonly by: string },
  ) => PluginReport;
};

// ── dispatch ──────────────────────────────────────────────────────────────────────────────────────────────

/** Carries out the server's own tools, in the host. */
export type AdminTools = {
  /**
   * Resolves in every case: what the operation refuses is an answer. The call was decided and recorded by the dispatcher.
   */
  readonly run: (request: {
    readonly tool: AdminTool;
    readonly args: JsonObject;
    readonly agent: AgentName;
    /** That by which the call came. Absent: it came by a door without tokens. */
    readonly token?: HeldToken;
  }) => Promise<ToolAnswer>;
};

export type DispatcherStatus = {
  readonly lanes: readonly {
    readonly name: LaneName;
    readonly waiting: number;
    readonly running: number;
    readonly isPaused: boolean;
  }[];
  readonly callsTotal: number;
};

/** The only way to run anything. */
export type Dispatcher = {
  /**
   * Decides, orders, runs and records one call. Resolves with the answer once its record is durable; a denial or a
   * failure of the tool is an answer, not a rejection.
   *
   * @throws `TOOL_UNKNOWN` (recorded) where a grant covers the name but no tool has it.
   */
  readonly call: (request: CallRequest) => Promise<CallOutcome>;
  readonly status: () => DispatcherStatus;
  /** How many calls run, until their record is durable. */
  readonly running: () => number;
  /** Calls that wait or run, in the order they came. */
  readonly calls: () => readonly CallView[];
  /** Ends one call, waiting or running, as cancelled by an operator. @throws `CALL_UNKNOWN` */
  readonly cancel: (invocation: string) => CallView;
  /** Ends every call that waits in `main`, of one agent or of all. The number of calls that it ended. */
  readonly flush: (agent?: AgentName) => number;
  /** Starts no more calls of the lane until it is resumed, or the server is started anew. `control` is never paused. */
  readonly pause: (lane: 'main') => void;
  readonly resume: (lane: 'main') => void;
  /**
   * Asks again for every call that waits or runs whether it may: its token, freezes, its tool, the policy. What may not is
   * ended with the reason. Call it after any of these has changed; calls that ought to end have been told when it resolves.
   */
  readonly reconsider: () => Promise<void>;
  /**
   * Waits for the end of every call that was told to end, its record included, for at most `LIMITS.stopWaitMsMax`. Those that
   * are still ending then; an admin tool that has begun is none of them: it is not cut short.
   */
  readonly untilEnded: () => Promise<readonly CallView[]>;
  /** Starts no new calls (they are answered and recorded as `SHUTTING_DOWN`), lets running ones end for at most `LIMITS.drainMsMax`, then ends them. */
  readonly drain: () => Promise<void>;
};

/** Carries out the calls that a running tool makes of other tools. */
export type ToolCaller = {
  /**
   * Decided under the grants of the agent whose call `parent` is, run under that call's place in the lane, and recorded. When
   * `signal` is aborted the call is ended; it resolves once its record is durable.
   *
   * **Trust:** tool and arguments are a guest's; the broker has checked that it was given this tool.
   * @throws `CANCELLED` when the parent is no longer under way · `TOOL_UNKNOWN` (recorded), as `Dispatcher.call`
   */
  readonly callTool: (request: {
    /** The invocation that makes the call. */
    readonly parent: string;
    readonly tool: string;
    readonly args: JsonObject;
    readonly signal: AbortSignal;
  }) => Promise<ToolAnswer>;
};

// ── provenance ────────────────────────────────────────────────────────────────────────────────────────────

/** A key that signs and never leaves its place: a file now, a process of its own or a KMS later. */
export type Signer = {
  /** SHA-256 of the SPKI DER, lower-case hex. */
  readonly keyid: string;
  readonly alg: 'ed25519';
  /** The public key as PEM (SPKI). */
  readonly spki: string;
  /** 64 bytes over exactly `data`. A rejection stops the log. */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>;
};

export type RecordLog = {
  /**
   * Signs and appends a record. Order of the log = order of these calls.
   *
   * **Durability:** when it resolves, record, disclosures and a checkpoint over them are on disk (fsync).
   * @throws `LOG_UNAVAILABLE` when it could not be written; the log then takes no more records until a restart.
   */
  readonly append: (draft: RecordDraft) => Promise<Receipt>;
};

/** A page of the log. */
export type RecordReader = {
  readonly size: () => number;
  readonly record: (index: number) => StoredRecord | undefined;
  /** Indices of an invocation's records, ascending; `[]` when there are none. */
  readonly findInvocation: (invocation: string) => readonly number[];
  /** The records of a range that end a call, the newest first, as they are stored. */
  readonly closings: (range: ClosingRange) => readonly ClosingRow[];
  /** The last checkpoint as a signed note; undefined for an empty log. */
  readonly checkpoint: () => string | undefined;
  /** The log's verifier key, as in C2SP signed-note (`<origin>+<hash>+<key>`). */
  readonly vkey: () => string;
  /** As `keys.json` of an export. */
  readonly keys: () => readonly RecordKey[];
  /** A tile (`tile/<L>/<N>[.p/<W>]`) or entry bundle (`tile/entries/<N>[.p/<W>]`); undefined when there is none. */
  readonly tile: (path: string) => Uint8Array | undefined;
  /**
   * The record with what proves it under the last checkpoint; undefined when there is no such record. Its file is
   * `formatProofBundle` of it. Reads a bounded number of hashes, whatever the log's size.
   *
   * @throws `LOG_TAMPERED` when what is stored does not give the root of the checkpoint.
   */
  readonly prove: (index: number) => ProofBundle | undefined;
};
