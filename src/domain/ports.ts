// The interfaces through which features meet; app.ts joins them. Features import this file, never each other.

import type { Digest } from '#base/digest.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { OnChange } from '#base/listeners.ts';
import type { AgentName, Principal, TokenRow } from './agent.ts';
import type { Capabilities } from './capability.ts';
import type { Decision, DecisionQuery, PolicyRef } from './decision.ts';
import type { Freeze, FreezeQuery, FreezeScope } from './freeze.ts';
import type {
  CallOutcome,
  CallRequest,
  CallView,
  Receipt,
  RunOutcome,
  ToolAnswer,
  UsedCapability,
} from './invocation.ts';
import type { Plugin, PluginReport, PluginTool, RunLimits } from './manifest.ts';
import type { ProofBundle } from './proof-bundle.ts';
import type { Layer, RecordDraft, RecordKey, StoredRecord } from './record.ts';
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
};

export type TokenAuthority = Authenticator & {
  /**
   * The only time the token's text is seen. Drops what has been dead for `LIMITS.tokenDeadKeptMs`.
   *
   * @throws `USAGE` when `expiresInMs` is not from 1 to `LIMITS.tokenLifetimeMsMax`.
   */
  readonly issue: (agent: AgentName, options: { readonly expiresInMs?: number }) => IssuedToken;
  readonly list: () => readonly TokenRow[];
  /** @throws `TOKEN_UNKNOWN` */
  readonly revoke: (id: string) => void;
  /** After a token was revoked or expired. */
  readonly onChange: OnChange;
};

// ── policy ────────────────────────────────────────────────────────────────────────────────────────────────

export type PolicyDecider = {
  /** Pure in the policy in force and the query. Never throws: what goes wrong in a condition denies. */
  readonly decide: (query: DecisionQuery) => Decision;
  /** Whether some arguments could be allowed now: what `tools/list` shows. No grant, or an unconditional deny: false. */
  readonly mayCall: (agent: AgentName, toolName: string, nowMs: number) => boolean;
  readonly current: () => PolicyRef;
  /** After another policy came into force, or a grant or a deny of the one in force ended with time. */
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
   * In force when it returns; a scope that is frozen already stays as it is.
   *
   * **Durability:** on disk when it returns.
   */
  readonly freeze: (scope: FreezeScope, by: string) => Freeze;
  /** False when the scope was not frozen. **Durability:** as `freeze`. */
  readonly unfreeze: (scope: FreezeScope) => boolean;
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
  /** Its tools vanish. **Durability:** on disk when it returns. @throws `PLUGIN_UNKNOWN` */
  readonly disable: (name: string, by: string) => PluginReport;
  /** Looks at every plugins directory again; what can't be read leaves the present plugins as they are. */
  readonly reload: () => Promise<readonly PluginReport[]>;
};

// ── sandbox ───────────────────────────────────────────────────────────────────────────────────────────────

/** A host call as a guest made it. **Trust:** every field is the guest's; the broker parses it. */
export type HostCall = { readonly name: string; readonly params: Json };

/**
 * Answers the host calls of one invocation. A rejection with an SmcpError reaches the guest as {code, message, details}.
 * `signal` is the invocation's: once it is aborted no effect begins any more.
 */
export type HostCallHandler = (call: HostCall, signal: AbortSignal) => Promise<Json> | Json;

export type RunRequest = {
  readonly plugin: Plugin;
  readonly tool: PluginTool;
  readonly agent: AgentName;
  readonly invocation: string;
  readonly argsJson: string;
  /** The tool's, narrowed by the grant. */
  readonly limits: RunLimits;
  /** What the guest may ask for; a name outside is refused before it reaches the handler. */
  readonly capabilities: Capabilities;
  readonly signal: AbortSignal;
  readonly onHostCall: HostCallHandler;
};

/** The code of plugins as it was hashed. */
export type PluginCode = {
  /**
   * The bytes of every module (`.js`, `.mjs`) of a plugin, by path, read at once from a copy that as a whole has the
   * plugin's digest. These bytes run, and no others.
   *
   * @throws `PLUGIN_TAMPERED` when the copy is not what was hashed
   */
  readonly modules: (plugin: Plugin) => Promise<ReadonlyMap<string, Uint8Array>>;
};

/** The sandbox, as the dispatcher sees it. */
export type PluginRuntime = {
  /** Runs one call; resolves in every case, at most `limits.timeoutMs` + grace after the start. Never rejects for a guest's fault. */
  readonly run: (request: RunRequest) => Promise<RunOutcome>;
  /** What confines this plugin: for the record. @throws `SANDBOX_UNAVAILABLE` when a layer it needs is missing. */
  readonly profile: (plugin: Plugin) => SandboxProfile;
  /** What this machine offers: for `doctor` and `status`. */
  readonly layers: () => readonly Layer[];
  /**
   * Ends at once the processes of every plugin for which `isEnded` holds, and resolves when they are reaped. Calls that run
   * there end `cancelled` where their signal is aborted, else as interrupted; later calls start new processes.
   */
  readonly end: (isEnded: (plugin: Plugin) => boolean) => Promise<void>;
  /** Ends every process it started and waits until they are reaped. */
  readonly close: () => Promise<void>;
};

/** Carries out the server's own tools, in the host. */
export type AdminTools = {
  /**
   * Resolves in every case: what the operation refuses is an answer. The call was decided and recorded by the dispatcher.
   */
  readonly run: (request: {
    readonly tool: AdminTool;
    readonly args: JsonObject;
    readonly agent: AgentName;
  }) => Promise<ToolAnswer>;
};

export type SandboxProfile = {
  readonly tier: 'isolate' | 'process';
  readonly digest: Digest;
  /** Names of the layers in force, sorted. */
  readonly layers: readonly string[];
};

// ── broker ────────────────────────────────────────────────────────────────────────────────────────────────

/** Made per invocation by the dispatcher; joins guard, decision, transcript and effect. */
export type BrokerSession = {
  readonly handle: HostCallHandler;
  /** What was used so far: one line per kind and target. */
  readonly used: () => readonly UsedCapability[];
};

export type Broker = {
  readonly open: (options: {
    readonly plugin: string;
    readonly tool: string;
    readonly agent: AgentName;
    readonly invocation: string;
    readonly capabilities: Capabilities;
    /** Host calls of this invocation, log and progress included. */
    readonly hostCallsMax: number;
    readonly onProgress?: CallRequest['onProgress'];
  }) => BrokerSession;
};

// ── dispatch ──────────────────────────────────────────────────────────────────────────────────────────────

export type LaneName = 'main' | 'control';

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
  /** Starts no new calls (they are answered and recorded as `SHUTTING_DOWN`), lets running ones end for at most `LIMITS.drainMsMax`, then ends them. */
  readonly drain: () => Promise<void>;
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

// ── doors ─────────────────────────────────────────────────────────────────────────────────────────────────

/** A request that passed the door's guards: host, origin, token, size. **Trust:** params, query and body are the caller's. */
export type HttpRequest = {
  /** Undefined only on routes for anyone. */
  readonly principal: Principal | undefined;
  readonly params: { readonly [name: string]: string };
  readonly query: { readonly [name: string]: string };
  /** Parsed JSON; undefined when there was no body. */
  readonly body: Json | undefined;
  /** Aborted when the client goes away before its answer. */
  readonly signal: AbortSignal;
  /** Whether the token that it came with still stands for the principal; true where there was none. */
  readonly mayStillAct: () => boolean;
};

export type HttpAnswer = {
  readonly status: number;
  /** JSON unless `contentType` says otherwise, then text or bytes. */
  readonly body: Json | Uint8Array;
  readonly contentType?: string;
};

/** A route that a feature adds to the door. `path` as Fastify writes it (`/admin/v1/agents/:name`, `*` at its end). */
export type HttpRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** `anyone` needs no token · `admin` the home's own · `principal` any that is good: what an agent may do there is the route's to ask. */
  readonly access: 'anyone' | 'admin' | 'principal';
  /** What it throws leaves as `{error: {code, message, details}}` with the status of the error table. */
  readonly handle: (request: HttpRequest) => Promise<HttpAnswer> | HttpAnswer;
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
export type PolicyAuthor = { readonly by: string; readonly mayWiden: boolean };

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
  /** Reads the file again and applies it whole or not at all. @throws `POLICY_INVALID` with `details.findings` · `POLICY_WIDENS`. */
  readonly reload: (author: PolicyAuthor) => Promise<PolicyRef>;
  /** Adds an empty agent to the file, keeping its comments, and applies it. @throws `AGENT_EXISTS`, `POLICY_INVALID` */
  readonly addAgent: (name: AgentName, author: PolicyAuthor) => Promise<PolicyRef>;
  /**
   * Puts `text` into the file and applies it; without a text what the file holds now.
   *
   * @throws `POLICY_INVALID` · `POLICY_WIDENS` · `POLICY_CONFLICT` when the file holds another text that was never applied
   */
  readonly apply: (text: string | undefined, author: PolicyAuthor) => Promise<PolicyRef>;
  /** Compares with the text in force; without a text what the file holds now. @throws `POLICY_INVALID` */
  readonly diff: (text: string | undefined) => PolicyDiff;
  /** Newest first. */
  readonly history: () => readonly PolicyVersionView[];
  /** The text of a version. @throws `POLICY_VERSION_UNKNOWN` */
  readonly version: (version: number) => PolicyVersionView & { readonly text: string };
  /** Puts the text of an earlier version in force as a new one. @throws `POLICY_VERSION_UNKNOWN` · as `apply` */
  readonly rollback: (version: number, author: PolicyAuthor) => Promise<PolicyRef>;
};
