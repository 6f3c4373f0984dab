// The sandbox and the broker as the dispatcher sees them. Features import this file, never each other.

import type { Digest } from '#base/digest.ts';
import type { Json } from '#base/json.ts';
import type { AgentName } from './agent.ts';
import type { Capabilities, CapabilityKind } from './capability.ts';
import type { CallRequest, RunOutcome, UsedCapability } from './invocation.ts';
import type { LabelledPlace } from './label-ports.ts';
import type { Plugin, PluginTool, RunLimits } from './manifest.ts';
import type { Layer } from './record.ts';
import type { GivenSecrets, ResultMask } from './secret-ports.ts';
import type { ExactTranscript } from './transcript.ts';
import type { WorkspaceName } from './workspace-path.ts';

// ── sandbox ───────────────────────────────────────────────────────────────────────────────────────────────

/** A host call as a guest made it. **Trust:** every field is the guest's; the broker parses it. */
export type HostCall = { readonly name: string; readonly params: Json };

/**
 * Answers the host calls of one invocation. A rejection with an SmcpError reaches the guest as {code, message, details}.
 * `signal` is the invocation's: once it is aborted no effect begins any more. What it does before it first waits is counted as the
 * invocation's processor time; what it does later, where it takes long, is to be done by `count`.
 */
export type HostCallHandler = (call: HostCall, signal: AbortSignal, count?: CountWork) => Promise<Json> | Json;

/** Does what takes no waiting, and counts the processor time that it took. */
export type CountWork = <T>(act: () => T) => T;

/** Told of every host call that has an answer, as it came and as its answer left. */
export type HostTraffic = {
  /** `body`: the params, as JSON text that was checked. */
  readonly asked: (call: number, name: string, body: string) => void;
  /** `body`: the value, or the error. The order of these is the order in which the guest gets them. */
  readonly answered: (call: number, isOk: boolean, body: string) => void;
};

/** `body`: the value or the error, as JSON text. `code`: of an error. */
export type RecordedReply = { readonly isOk: boolean; readonly body: string; readonly code?: string };

/**
 * Gives a guest the very texts that it was answered with when the same call ran before. Called for each host call that wants an
 * answer, in the order in which they were made. `reply` delivers its answer, at most once; that may be before this returns, or while
 * another call is told. A call that it is never called for is never answered.
 *
 * **Trust:** what is asked is the guest's; `body` is JSON text that was checked.
 */
export type RecordedReplies = (
  asked: { readonly call: number; readonly name: string; readonly body: string },
  reply: (answer: RecordedReply) => void,
) => void;

export type RunRequest = {
  readonly plugin: Plugin;
  readonly tool: PluginTool;
  readonly agent: AgentName;
  readonly invocation: string;
  /** The arguments as they were checked and recorded: JSON text in which every number stands as the agent wrote it. */
  readonly argsJson: string;
  /** The tool's, narrowed by the grant. */
  readonly limits: RunLimits;
  /** What the guest may ask for; a name outside is refused before it reaches the handler. */
  readonly capabilities: Capabilities;
  readonly signal: AbortSignal;
  /** Absent: it was given none. `environment`: variables of its program, for a restricted child only. */
  readonly secrets?: {
    readonly environment: Readonly<Record<string, string>>;
    /** What a program prints is masked before it is cut. */
    readonly mask: () => ResultMask | undefined;
  };
  readonly onHostCall: HostCallHandler;
  /** Absent: nobody keeps it. */
  readonly traffic?: HostTraffic;
  /**
   * Answers in place of `onHostCall`, which is then never called: nothing is done, and log lines and progress go nowhere. Isolates
   * only.
   */
  readonly replies?: RecordedReplies;
  /** Where the first stretch of an isolate's call runs, which it can tell by how deep it may recurse. Absent: the sandbox chooses. */
  readonly thread?: GuestThread;
};

/** The warden's own thread, or one of those beside it. */
export type GuestThread = 'own' | 'other';

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

/** Whose a process of the sandbox is. */
export type ProcessOwner = {
  readonly plugin: Plugin;
  /** Absent: it may serve any agent. */
  readonly agent?: AgentName;
};

/** The sandbox, as the dispatcher sees it; each of its tiers is one, too. */
export type PluginRuntime = {
  /** Runs one call; resolves in every case, at most `limits.timeoutMs` + grace after the start. Never rejects for a guest's fault. */
  readonly run: (request: RunRequest) => Promise<RunOutcome>;
  /**
   * What confines a call of this plugin: for the record. `granted`: what is left of what it asks after approval and grant.
   * A process that serves one grant gets no more than that from the system; a warden gets the same for all, and the broker
   * holds each call to its grant.
   *
   * @throws `SANDBOX_UNAVAILABLE` when a layer it needs is missing · `SANDBOX_TAMPERED`
   */
  readonly profile: (plugin: Plugin, granted: Capabilities) => SandboxProfile;
  /** What this machine offers: for `doctor` and `status`. */
  readonly layers: () => readonly Layer[];
  /**
   * Ends at once the processes of every owner for which `isEnded` holds, and resolves when they are reaped. Calls that run
   * there end `cancelled` where their signal is aborted, else as interrupted; later calls start new processes.
   */
  readonly end: (isEnded: (owner: ProcessOwner) => boolean) => Promise<void>;
  /** Ends every process it started and waits until they are reaped. */
  readonly close: () => Promise<void>;
};

export type SandboxProfile = {
  readonly tier: 'isolate' | 'process';
  readonly digest: Digest;
  /** Names of the layers in force, sorted. */
  readonly layers: readonly string[];
  /** What runs the code of an isolate; the same one gives the same result again. */
  readonly engine?: string;
};

/** Programs of the machine, run for plugins as restricted children. */
export type ProgramRunner = {
  /**
   * Runs one to its end, in a work folder of its own, with nothing of the plugin's. When `signal` is aborted its whole tree is
   * ended; when it resolves or rejects nothing of the tree is left.
   *
   * **Trust:** program, arguments and input are the plugin's, allowed by the broker. Output is anything.
   * @throws `SANDBOX_UNAVAILABLE` where the program is not on this machine or can't be confined · `QUEUE_FULL` · the code of the bound that it broke
   */
  readonly run: (request: {
    readonly agent: AgentName;
    readonly program: string;
    readonly args: readonly string[];
    readonly stdin: string;
    readonly signal: AbortSignal;
  }) => Promise<ProgramOutcome>;
};

/** How a program ended, and what it printed: the start of stdout, the end of stderr. */
export type ProgramOutcome = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly isCut: boolean;
};

// ── broker ────────────────────────────────────────────────────────────────────────────────────────────────

/** Made per invocation by the dispatcher; joins guard, decision, transcript and effect. */
export type BrokerSession = {
  readonly handle: HostCallHandler;
  /** What was used so far: one line per kind and target. */
  readonly used: () => readonly UsedCapability[];
  /** To be told by the sandbox what the guest asks and is answered. */
  readonly traffic: HostTraffic;
  /** What it was told so far; undefined when that is more than is kept. */
  readonly transcript: () => ExactTranscript | undefined;
};

/** What the labels of a call mean for its host calls. */
export type LabelGuard = {
  /** From now on it has seen what these carry. Called before it looks. **Durability:** on disk when it returns. */
  readonly looksAt: (places: readonly LabelledPlace[]) => void;
  /** They carry what it has seen. Called before it writes. **Durability:** as `looksAt`. */
  readonly writesTo: (places: readonly LabelledPlace[]) => void;
  /** @throws `CAPABILITY_DENIED` where the policy would not let the call begin with what it has read since. */
  readonly mayUse: (kind: CapabilityKind) => void;
};

/** Takes what a run tells of its cost, in millionths. */
export type CostReport = {
  /** What its manifest says it may cost at most; 0: it says nothing, and the run can't tell anything. */
  readonly microsMax: number;
  /** False where that is more than `microsMax` with what was told before; then all of that counts. */
  readonly add: (micros: number) => boolean;
};

export type Broker = {
  readonly open: (options: {
    readonly plugin: string;
    readonly tool: string;
    readonly agent: AgentName;
    readonly invocation: string;
    readonly capabilities: Capabilities;
    /** Of the agent's files. Absent: the one that has the agent's name. */
    readonly workspace?: WorkspaceName;
    /** Host calls of this invocation, log and progress included. */
    readonly hostCallsMax: number;
    /** Absent: it was given none. */
    readonly secrets?: GivenSecrets;
    /** Absent: nothing is labelled, as where a plugin is tried by itself. */
    readonly labels?: LabelGuard;
    /** Absent: nobody counts. */
    readonly cost?: CostReport;
    readonly onProgress?: CallRequest['onProgress'];
  }) => BrokerSession;
};
