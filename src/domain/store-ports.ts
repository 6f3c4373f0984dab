// Where things are kept: the interfaces of the home's database. `src/store` implements them; app.ts joins them.

import type { Digest } from '#base/digest.ts';
import type { ActStore } from './act-ports.ts';
import type { AgentName, TokenRow } from './agent.ts';
import type { ApprovalStore } from './approval-ports.ts';
import type { Freeze, FreezeScope } from './freeze.ts';
import type { LabelStore } from './label-ports.ts';
import type { NoticeStore, SentMessages } from './notify-ports.ts';
import type { InviteStore, PasskeyStore } from './people-ports.ts';
import type { DisclosedDocuments } from './record.ts';

/** Where tokens are kept. **Durability:** what `put`, `revoke`, `prune` and `remove` wrote is on disk when they return. */
export type TokenStore = {
  readonly put: (row: TokenRow) => void;
  readonly list: () => readonly TokenRow[];
  /** False when there is no such token. */
  readonly revoke: (id: string, revokedMs: number) => boolean;
  /** Deletes what expired or was revoked before `deadBeforeMs`. */
  readonly prune: (deadBeforeMs: number) => void;
  readonly remove: (ids: readonly string[]) => void;
};

/** A row of the log, ready to be stored. */
export type LogRow = {
  readonly index: number;
  readonly envelope: string;
  /** SHA-256(0x00 ‖ envelope), 32 bytes. */
  readonly leaf: Uint8Array;
  /** '' for records that are no invocation. */
  readonly invocation: string;
  /** '' for records that are no invocation. */
  readonly phase: string;
  /** Disclosure documents by subject name. */
  readonly disclosed: DisclosedDocuments;
};

/** A record that ends a call, as far as its decision goes. */
export type ClosingRow = {
  readonly index: number;
  readonly envelope: string;
  /** Disclosure document of the arguments, its own or its intent's; absent where none is kept, or none was asked for. */
  readonly args?: string;
};

/** What is read of `[from, to)`. */
export type ClosingRange = { readonly from: number; readonly to: number; readonly withArgs: boolean };

/** Where the log is kept. Rows are numbered from 0 without gaps. */
export type LogStore = {
  readonly size: () => number;
  /**
   * Writes rows and the checkpoint over them in one transaction, all of it or none. One at a time.
   *
   * **Durability:** on disk (fsync) when it resolves; when it rejects, that is not known.
   *
   * @param options.waitsHere the host's thread waits for the disk itself, which takes less time than to wake it again
   */
  readonly commit: (
    rows: readonly LogRow[],
    checkpoint: string,
    options?: { readonly waitsHere: boolean },
  ) => Promise<void>;
  readonly row: (index: number) => LogRow | undefined;
  /** Leaf hashes of `[from, to)`, for tiles and for the tree at start. */
  readonly leaves: (from: number, to: number) => readonly Uint8Array[];
  readonly findInvocation: (invocation: string) => readonly number[];
  /** The records of a range that end a call, the newest first. */
  readonly closings: (range: ClosingRange) => readonly ClosingRow[];
  /** Indices of intents that no later record of the same invocation closes, ascending. */
  readonly openIntents: () => readonly number[];
  /** The last checkpoint's signed note. */
  readonly checkpoint: () => string | undefined;
  /** Every checkpoint in order of size, as it was stored. `size` is the row's own; the note's may differ only in a damaged log. */
  readonly checkpoints: () => Iterable<{ readonly size: number; readonly note: string }>;
  /**
   * Damage of the storage itself, which reading rows would not show: its structure, orphans, indices. `[]`: none. Slow.
   * `index` is the record it belongs to, or -1.
   */
  readonly check: () => readonly { readonly index: number; readonly message: string }[];
};

/** Small values that outlive a restart, such as the log's host id. **Durability:** on disk when `put` returns. */
export type MetaStore = {
  readonly get: (key: string) => string | undefined;
  readonly put: (key: string, value: string) => void;
};

export type PolicyVersion = {
  readonly version: number;
  readonly digest: Digest;
  readonly text: string;
  readonly appliedMs: number;
  /** Who applied it; '' where it was applied before this was kept. */
  readonly by: string;
  /** False from when the number is taken until its record is known to be in the log. */
  readonly isRecorded: boolean;
};

/**
 * Every policy text that has a number: it was in force, or was about to be when the server ended. A number has one text for
 * ever. **Durability:** what was written is on disk when a function returns.
 */
export type PolicyStore = {
  readonly latest: () => PolicyVersion | undefined;
  /** Takes the number for the text, before anything is recorded under it. **Durability:** on disk when it resolves, as the next one. */
  readonly put: (version: Omit<PolicyVersion, 'isRecorded'>) => Promise<void>;
  readonly markRecorded: (version: number) => Promise<void>;
  readonly get: (version: number) => PolicyVersion | undefined;
  /** Without their texts, newest first. */
  readonly list: () => readonly Omit<PolicyVersion, 'text'>[];
};

/** What is frozen. **Durability:** on disk when `put` or `remove` returns. */
export type FreezeStore = {
  /** In the order they were made. */
  readonly list: () => readonly Freeze[];
  /** A scope that is there already stays as it is. */
  readonly put: (freeze: Freeze) => void;
  /** False when it was not there. */
  readonly remove: (scope: FreezeScope) => boolean;
};

/** Plugins that a person switched off. **Durability:** on disk when `put` or `remove` returns. */
export type DisabledPluginStore = {
  readonly list: () => readonly { readonly name: string; readonly by: string; readonly sinceMs: number }[];
  readonly put: (name: string, by: string, sinceMs: number) => void;
  readonly remove: (name: string) => boolean;
};

/** A call under an idempotency key. */
export type KeyedCall = {
  readonly agent: string;
  readonly tool: string;
  readonly key: string;
  /** Of the arguments. */
  readonly argsDigest: Digest;
  readonly invocation: string;
  readonly createdMs: number;
  /** What was answered, as JSON; absent while it runs, or when the server ended before the answer was kept. */
  readonly outcomeJson?: string;
};

/**
 * Calls under idempotency keys. What is written is found at once.
 *
 * **Durability:** it is on disk when the promise resolves; when that rejects, that is not known.
 */
export type KeyedCallStore = {
  readonly find: (agent: string, tool: string, key: string) => KeyedCall | undefined;
  /** Takes the key; replaces a row of the same key. */
  readonly put: (call: KeyedCall) => Promise<void>;
  readonly settle: (call: Pick<KeyedCall, 'agent' | 'tool' | 'key'>, outcomeJson: string) => Promise<void>;
  readonly remove: (call: Pick<KeyedCall, 'agent' | 'tool' | 'key'>) => Promise<void>;
  /** Of one agent: rows, and bytes of the answers that are kept. */
  readonly usage: (agent: string) => { readonly count: number; readonly bytes: number };
  /** Deletes what was created before `beforeMs`. */
  readonly prune: (beforeMs: number) => void;
};

/** How much of a counter is used in one of its windows. */
export type CounterRow = {
  readonly key: string;
  /** When the window began, since the epoch; its length. */
  readonly windowMs: number;
  readonly perMs: number;
  readonly used: number;
};

/**
 * Counters of limits. **Durability:** what is put is written with the next commit of the log, so with the record of the call that
 * was counted, and at the latest when the store is closed.
 */
export type CounterStore = {
  /** Takes the place of what the key had. */
  readonly put: (row: CounterRow) => void;
  readonly list: () => readonly CounterRow[];
  /** Deletes windows that ended before `beforeMs`, and are not waiting to be written. On disk when it returns. */
  readonly prune: (beforeMs: number) => void;
};

/** A secret as it is kept: sealed. */
export type SecretRow = {
  readonly name: string;
  /** From 1; a value that takes another's place has another. */
  readonly version: number;
  /** Which key it was sealed with. */
  readonly keyId: string;
  readonly sealed: Uint8Array;
  readonly setMs: number;
  readonly by: string;
};

/** Where sealed secrets are kept. **Durability:** on disk when `put` or `remove` returns. */
export type SecretStore = {
  /** By name. */
  readonly list: () => readonly SecretRow[];
  readonly get: (name: string) => SecretRow | undefined;
  /** In place of the one of this name. */
  readonly put: (row: SecretRow) => void;
  readonly remove: (name: string) => boolean;
};

/** The home's database. */
export type Store = {
  readonly log: LogStore;
  readonly tokens: TokenStore;
  readonly policies: PolicyStore;
  readonly freezes: FreezeStore;
  readonly disabledPlugins: DisabledPluginStore;
  readonly keyedCalls: KeyedCallStore;
  readonly pluginValues: PluginStore;
  readonly counters: CounterStore;
  readonly secrets: SecretStore;
  readonly approvals: ApprovalStore;
  readonly acts: ActStore;
  readonly passkeys: PasskeyStore;
  readonly invites: InviteStore;
  readonly labels: LabelStore;
  readonly notices: NoticeStore;
  readonly sentMessages: SentMessages;
  readonly meta: MetaStore;
  readonly close: () => void;
};

/** Whose values these are. */
export type StoreOwner = { readonly plugin: string; readonly agent: AgentName };

/** Values that plugins keep, as JSON text. **Durability:** a write is on disk when it resolves. */
export type PluginStore = {
  readonly get: (owner: StoreOwner, key: string) => string | undefined;
  /** False, and nothing is changed, when the owner's keys and values would take more than `bytesMax` UTF-8 bytes. */
  readonly set: (
    owner: StoreOwner,
    entry: { readonly key: string; readonly json: string },
    bytesMax: number,
  ) => Promise<boolean>;
  /** Whether there was one. */
  readonly delete: (owner: StoreOwner, key: string) => Promise<boolean>;
  /** At most `countMax` keys that begin with `prefix` and come after `after`, in the order of their UTF-8 bytes. */
  readonly list: (
    owner: StoreOwner,
    range: { readonly prefix: string; readonly after: string; readonly countMax: number },
  ) => readonly string[];
};
