// What an operation is: one row gives the command, the REST route, the OpenAPI entry and the tool `smcp__…`.

import type { Clock } from '#base/clock.ts';
import type { Digest } from '#base/digest.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { ActContent, Acts, RequiredAct } from '#domain/act-ports.ts';
import type { HeldToken } from '#domain/agent.ts';
import type { Approvals } from '#domain/approval-ports.ts';
import type { CallView } from '#domain/invocation.ts';
import type { LabelAdmin, LabelBook } from '#domain/label-ports.ts';
import type { NoticeDesk } from '#domain/notify-ports.ts';
import type { PeopleAdmin } from '#domain/people-ports.ts';
import type { PolicyAdmin, PolicyAuthor, PolicyDecider } from '#domain/policy-ports.ts';
import type { PolicyReview } from '#domain/policy-review.ts';
import type {
  Dispatcher,
  Freezes,
  PluginAdmin,
  PluginCatalog,
  RecordLog,
  RecordReader,
  SignedTokens,
  TokenAuthority,
  ToolCatalog,
} from '#domain/ports.ts';
import type { Layer } from '#domain/record.ts';
import type { Replayer } from '#domain/replay-ports.ts';
import type { SecretAdmin } from '#domain/secret-ports.ts';
import type { Settings } from '#domain/settings-ports.ts';

/** What operations work on; app.ts fills it in. */
export type Services = {
  readonly tokens: TokenAuthority;
  readonly signedTokens: SignedTokens;
  readonly policy: PolicyDecider & PolicyAdmin;
  readonly review: PolicyReview;
  readonly catalog: PluginCatalog;
  /** Tools of plugins and the server's own. */
  readonly tools: ToolCatalog;
  readonly plugins: PluginAdmin;
  readonly freezes: Freezes;
  readonly secrets: SecretAdmin;
  readonly approvals: Approvals;
  readonly people: PeopleAdmin;
  readonly acts: Acts;
  readonly labels: LabelBook & LabelAdmin;
  readonly notices: NoticeDesk;
  readonly dispatcher: Dispatcher;
  readonly log: RecordLog & RecordReader;
  readonly replayer: Replayer;
  readonly settings: Settings;
  /**
   * Ends what may no longer run. Resolves when it has ended, and the processes of what is frozen or disabled are gone, or after
   * `LIMITS.stopWaitMsMax` with the calls that are still ending.
   */
  readonly enforce: () => Promise<readonly CallView[]>;
  readonly layers: () => readonly Layer[];
  readonly clock: Clock;
  readonly server: { readonly version: string; readonly startedMs: number; readonly isReady: () => boolean };
};

/** Who does it: `by` goes into the record, `kind` bounds what they may do. */
export type Caller = {
  /** `admin` (the home's token), or the name of an agent. */
  readonly by: string;
  readonly kind: 'person' | 'agent';
  /** That by which they came. Absent: they came by a door without tokens. */
  readonly token?: HeldToken;
  /** A person who has signed for this very act. */
  readonly isConfirmed?: true;
  /** The policy in force that it was looked at under: under another one it is not done. */
  readonly onlyUnder?: Digest;
  /** What was signed for, where the policy wants that; `{}`: there was nothing to sign for. */
  readonly signedFor?: JsonObject;
};

/** A policy's author: what an agent changes must take rights away only. */
export function authorOf({ by, kind, onlyUnder }: Caller): PolicyAuthor {
  return { by, mayWiden: kind === 'person', ...(onlyUnder === undefined ? {} : { onlyUnder }) };
}

/** Before the path of every operation over HTTP. */
export const ADMIN_PREFIX = '/admin/v1';

/** What an operation is about: its section in documents, its tag in OpenAPI. */
export type Topic =
  | 'server'
  | 'config'
  | 'agents'
  | 'policy'
  | 'plugins'
  | 'queue'
  | 'approvals'
  | 'people'
  | 'notices'
  | 'freezes'
  | 'labels'
  | 'secrets'
  | 'log';

export type Operation = {
  /** `noun_verb`; as an admin tool it is `smcp__noun_verb`. */
  readonly name: string;
  readonly topic: Topic;
  /** One sentence, for `--help`, OpenAPI and the tool's description. */
  readonly summary: string;
  /** More that a caller has to know, for OpenAPI and the tool's description. */
  readonly detail?: string;
  /** The words of the command line; absent: no command that is derived from this row. */
  readonly command?: readonly string[];
  /** Properties of `input` that the command line takes by position, in order; those not required come last. */
  readonly positional: readonly string[];
  /** The property, among `positional`, that the command line reads from a file of that name. */
  readonly fileProperty?: string;
  /**
   * The property that is a secret: the command line reads it from standard input, never from an argument, and it is in no record. Only of
   * operations that are for people.
   */
  readonly secretProperty?: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `ADMIN_PREFIX`, as Fastify writes it; `:name` are properties of `input`. */
  readonly path: string;
  /** `write` operations are recorded before they are done. */
  readonly effect: 'read' | 'write';
  /** A `read` that is recorded before it is done, as a `write` is: it changes nothing, and it runs something. */
  readonly isRecorded?: true;
  /** It lifts a stop or makes a right: no grant gives it to an agent (docs/decisions/0025-what-is-left-to-people.md). */
  readonly isForPeople?: true;
  /** It stops something: it does not wait for its record, and is done also where that can't be written. */
  readonly isStop?: true;
  /** Its record has the input's `why`. Only of operations that are for people. */
  readonly recordsWhy?: true;
  /** It shows what calls of any agent were given or answered: an agent that asks it has seen what any agent has. */
  readonly showsCalls?: true;
  /** It may take a minute, and only reads: as a tool it holds up no others. */
  readonly isLong?: true;
  /** JSON Schema 2020-12 of the input, an object whose properties are texts, whole numbers, truths, objects or, of POST, lists of texts. */
  readonly input: JsonObject;
  readonly output: JsonObject;
  /** What it is done to, for its record. Never a secret. */
  readonly subject?: (input: JsonObject) => string;
  /** Throws what can be told to be wrong before anything is recorded or done. */
  readonly check?: (services: Services, input: JsonObject, caller: Caller) => void;
  /** What a policy may want a person to sign for. `about`: what it comes to now; undefined: nothing that has to be signed for. */
  readonly confirm?: {
    readonly kind: RequiredAct;
    readonly about: (services: Services, input: JsonObject) => Promise<ActContent | undefined>;
  };
  /** Whether an answer says no: its command then exits with 1. */
  readonly saysNo?: (answer: Json) => boolean;
  readonly run: (services: Services, input: JsonObject, caller: Caller) => Promise<Json> | Json;
};

/** Whether the log has a record of it before it is done. */
export function leavesRecord({ effect, isRecorded }: Pick<Operation, 'effect' | 'isRecorded'>): boolean {
  return effect === 'write' || isRecorded === true;
}

/** The properties of an operation's input, by name. */
export function propertiesOf({ input }: Operation): { readonly [name: string]: JsonObject } {
  return input['properties'] as { readonly [name: string]: JsonObject };
}

/** The names of an operation's input that must be given. */
export function requiredOf({ input }: Operation): readonly string[] {
  return input['required'] as readonly string[];
}

/** A path with each `:name` put in. */
export function fillPath(path: string, put: (name: string) => string): string {
  return path.replace(/:([a-zA-Z]+)/g, (_, name: string) => put(name));
}

/** The names of a path's parameters, in order. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/:([a-zA-Z]+)/g)].map((match) => String(match[1]));
}

/** Schema of an operation's input: every property a string unless said otherwise, nothing else allowed. */
export function inputSchema(
  properties: { readonly [name: string]: JsonObject },
  required: readonly string[] = [],
): JsonObject {
  return { type: 'object', properties, required, additionalProperties: false };
}
