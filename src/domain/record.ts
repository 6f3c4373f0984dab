// What the log says happened: predicates of the in-toto statements, as schemas/record.v1.json describes them. Pure types.

import type { Digest } from '#base/digest.ts';
import type { ExactJson } from '#base/exact-json.ts';
import type { Json } from '#base/json.ts';
import type { Capabilities, EffectClass } from './capability.ts';
import type { PolicyRef, ShadowDecision } from './decision.ts';
import type { Door, Receipt, Usage, UsedCapability } from './invocation.ts';
import type { RunLimits } from './manifest.ts';
import type { ArgumentChange } from './normalise-arguments.ts';
import type { SignedAssertion } from './people-ports.ts';
import type { ScopeList } from './token-scope.ts';
import type { CountedUnit } from './usage.ts';

export const PREDICATE_TYPES = {
  invocation: 'urn:smcp:invocation:v1',
  policy: 'urn:smcp:policy-applied:v1',
  plugin: 'urn:smcp:plugin-installed:v1',
  admin: 'urn:smcp:admin-action:v1',
  approval: 'urn:smcp:approval:v1',
  person: 'urn:smcp:person:v1',
  act: 'urn:smcp:act-confirmed:v1',
  opened: 'urn:smcp:log-opened:v1',
} as const;

/**
 * `intent` announced · `outcome` ended · `denied` never allowed · `cancelled` never started · `unknown` intent without a known
 * end · `replayed` answered with what an earlier call under the same idempotency key came to, and nothing ran.
 */
export type Phase = 'intent' | 'outcome' | 'denied' | 'cancelled' | 'unknown' | 'replayed';

export type ToolRef = {
  readonly name: string;
  /** The rest is absent when no tool has this name. */
  readonly plugin?: string;
  readonly version?: string;
  readonly package?: Digest;
  readonly manifest?: Digest;
  readonly schema?: Digest;
  readonly effect?: EffectClass;
};

/** One layer of the sandbox. */
export type Layer = {
  readonly name: string;
  readonly inForce: boolean;
  readonly detail: string;
  readonly remedy?: string;
};

/** `more` stands, last, for changes beyond the bounds of a record: how many, and no pointer. */
export type RecordedChange = ArgumentChange | { readonly pointer: ''; readonly kind: 'more'; readonly count: number };

export type InvocationPredicate = {
  readonly phase: Phase;
  readonly invocation: string;
  /** From 1. */
  readonly attempt: number;
  /** Of the intent that this record closes. */
  readonly intent?: Receipt;
  /** Of the record whose answer was given again, by the same agent and tool. Only, and always, where it was `replayed`. */
  readonly replayOf?: Receipt;
  /** Of a call that a plugin's tool made: the invocation that made it, and the tools above it, the root's first. Both or neither. */
  readonly parent?: string;
  readonly chain?: readonly string[];
  readonly agent: string;
  readonly door: Door;
  readonly session?: string;
  /** That it came with; absent: by a door without tokens. */
  readonly token?: {
    readonly id: string;
    /** As they are written, the root's first; every list had to allow. Absent: nothing was taken away. */
    readonly scopes?: readonly ScopeList[];
    /** The tokens that it was exchanged for, the root's first, and what each below the root calls itself. Both or neither. */
    readonly onBehalfOf?: readonly string[];
    readonly actors?: readonly string[];
  };
  readonly tool: ToolRef;
  /** What was changed in the arguments before they were checked, so that they fit the tool; absent: nothing. The arguments kept are those after it. */
  readonly normalised?: readonly RecordedChange[];
  /** The policy that decided. Where none was asked (a freeze, arguments that don't fit), without `decision` and `rule`: the one in force. */
  readonly policy: PolicyRef & {
    /** `ask`: a person was to be asked; what ran has `approval`, and what has not was not approved. */
    readonly decision?: 'allow' | 'ask' | 'deny';
    readonly rule?: string;
    /** What rules in shadow would have decided; absent: none would have. */
    readonly shadow?: readonly ShadowDecision[];
    /** The limit that had no room, which `rule` sets. Only where a limit denied. `used`: without this call. */
    readonly limit?: {
      readonly unit: CountedUnit;
      readonly limit: number;
      readonly used: number;
      readonly perMs?: number;
      readonly resetsAt?: string;
    };
    /** Labels because of which it denied, and the calls that brought them. */
    readonly labels?: readonly { readonly label: string; readonly invocation: string; readonly tool: string }[];
    /** The request for approval, and the record of the decision that let this one call through. */
    readonly approval?: {
      readonly id: string;
      readonly record?: Receipt;
      /** When it was used up for this call. Where there is a record; absent in logs of before this was kept. */
      readonly used?: string;
    };
  };
  /** Names of labels: what was seen before it was decided, and what its result carries. Absent: nothing of it. */
  readonly labels?: { readonly seen?: readonly string[]; readonly carries?: readonly string[] };
  readonly sandbox?: {
    readonly tier: 'isolate' | 'process';
    readonly profile: Digest;
    readonly limits: RunLimits;
    /** Names of the layers in force, sorted. */
    readonly layers: readonly string[];
    /** What ran the code of an isolate: engine, release, locale. The same one gives the same result again. */
    readonly engine?: string;
  };
  readonly capabilities?: { readonly granted: Capabilities; readonly used?: readonly UsedCapability[] };
  /** RFC 3339. */
  readonly time: { readonly received: string; readonly started?: string; readonly ended?: string };
  readonly result?: {
    readonly isError: boolean;
    readonly bytes: number /** `value` or an error code. */;
    readonly class: string;
  };
  readonly usage?: Usage;
};

/** A record to be signed. `args`, `result` and `transcript` go into disclosure documents; the record keeps their digests. */
export type RecordDraft =
  | {
      readonly kind: 'invocation';
      readonly predicate: InvocationPredicate;
      readonly args?: ExactJson;
      readonly result?: ExactJson;
      /** Of its host calls; absent where it made none that was answered. */
      readonly transcript?: Json;
    }
  | {
      readonly kind: 'policy';
      readonly predicate: {
        readonly version: number;
        readonly digest: Digest;
        readonly time: string;
        readonly by: string;
      };
    }
  | {
      readonly kind: 'plugin';
      readonly predicate: {
        readonly name: string;
        readonly version: string;
        readonly package: Digest;
        readonly manifest: Digest;
        readonly capabilities: Capabilities;
        readonly origin: 'product' | 'external';
        readonly time: string;
      };
    }
  | {
      readonly kind: 'approval';
      readonly predicate: ApprovalPredicate;
      /** What was decided about, as the document that the record has the digest of. */
      readonly statement: string;
    }
  | {
      readonly kind: 'person';
      readonly predicate: PersonPredicate;
    }
  | {
      readonly kind: 'act';
      readonly predicate: ActPredicate;
      /** What was signed for, as the document that the record has the digest of. */
      readonly statement: string;
    }
  | {
      readonly kind: 'admin';
      /** Written before it is done, and again with `failed` (an error code) when it could not be. `operation` as in the table; `subject` what it was done to (an agent's name, a token's id). Never a secret. */
      readonly predicate: {
        readonly operation: string;
        readonly subject: string;
        readonly by: string;
        /** The person's reason, of what asks for one. */
        readonly why?: string;
        readonly failed?: string;
        readonly time: string;
      };
    };

/** What somebody decided about a request for approval. */
export type ApprovalPredicate = {
  /** The request's id. */
  readonly approval: string;
  readonly decision: 'approved' | 'denied';
  readonly agent: string;
  readonly tool: string;
  /** The rule that asked. */
  readonly rule: string;
  /** `client`: the agent's own client asserts it; nobody else vouches for that. */
  readonly by: {
    readonly kind: 'admin' | 'agent' | 'client' | 'person' | 'channel';
    readonly name?: string;
    /** Of a channel: who asserts which person it was. Nobody else vouches for it, and nothing was signed. */
    readonly via?: 'telegram';
  };
  /** What the person's passkey signed: the SHA-256 that is this record's subject. Where a person approved, and only there. */
  readonly assertion?: SignedAssertion;
  /** How many people have to approve, and the records of those who did before. Absent: one. */
  readonly approvers?: { readonly needed: number; readonly before: readonly Receipt[] };
  /** What the person said to the agent. */
  readonly why?: string;
  /** Until when the call may begin. */
  readonly expires: string;
  readonly time: string;
};

/** A passkey that is a person's from here on, or is no more. */
export type PersonPredicate = {
  readonly person: string;
  readonly change: 'enrolled' | 'revoked';
  /** Base64url. */
  readonly credential: string;
  /** The public key: SPKI DER in base64url. Its SHA-256 is the record's subject. */
  readonly key: string;
  readonly rpId: string;
  /** What the passkey has counted so far. */
  readonly signCount: number;
  /** Who made the link, or revoked it. */
  readonly by: string;
  readonly time: string;
};

/** An act of administration that a person has signed for, before it is done. */
export type ActPredicate = {
  readonly act: string;
  readonly operation: string;
  readonly subject: string;
  /** The person. */
  readonly by: string;
  /** What their passkey signed: the SHA-256 that is this record's subject. */
  readonly assertion: SignedAssertion;
  readonly expires: string;
  readonly time: string;
};

/** Disclosure documents by subject name; one that is absent was not kept, or was erased. */
export type DisclosedDocuments = {
  readonly args?: string;
  readonly result?: string;
  readonly transcript?: string;
  readonly statement?: string;
};

/** A record as it is read back. */
export type StoredRecord = {
  readonly index: number;
  /** The exact bytes of the DSSE envelope, as text. */
  readonly envelope: string;
  /** Base64. */
  readonly leaf: string;
  /** '' for records that are no invocation. */
  readonly invocation: string;
  /** The disclosure documents that are still kept, by subject name. */
  readonly disclosed: DisclosedDocuments;
};

/** A key that may sign records of `[fromIndex, toIndex)`; `toIndex` null: until now. */
export type RecordKey = {
  /** SHA-256 of the SPKI DER, lower-case hex. */
  readonly keyid: string;
  readonly alg: string;
  /** PEM. */
  readonly spki: string;
  readonly fromIndex: number;
  readonly toIndex: number | null;
};
