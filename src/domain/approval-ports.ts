// Approvals of calls: what is asked, what became of it, and who may say so. Features import this file, never each other.
// Approval of a plugin's code is another matter: approval.ts.

import type { Digest } from '#base/digest.ts';
import type { SmcpError } from '#base/errors.ts';
import type { ExactJsonObject } from '#base/exact-json.ts';
import type { AgentName, HeldToken } from './agent.ts';
import type { Capabilities, EffectClass } from './capability.ts';
import type { Allow, ApprovalTerms, ApproverTerms, Ask, PolicyRef } from './decision.ts';
import type { Receipt } from './invocation.ts';
import type { SignedAssertion } from './people-ports.ts';
import type { PersonName, PersonRole } from './person.ts';

/** The tool as it stands when a person is asked; a call of a changed one needs another approval. */
export type AskedTool = {
  readonly name: string;
  readonly schema: Digest;
  readonly effect: EffectClass;
  /** Absent for the server's own tools. */
  readonly plugin?: {
    readonly name: string;
    readonly version: string;
    readonly package: Digest;
    readonly manifest: Digest;
  };
};

/**
 * One call, as a person is asked about it. **Trust:** arguments are the agent's words, names and versions of plugins their
 * author's.
 */
export type ApprovalQuestion = {
  readonly agent: AgentName;
  readonly tool: AskedTool;
  /** What the policy saw and the tool will get. */
  readonly args: ExactJsonObject;
  /** What the call could use: asked, approved and granted. `{}`: nothing, or a tool of the server's own. */
  readonly capabilities: Capabilities;
  /** Where the agent's files are; absent: in the workspace that has its name. */
  readonly workspace?: string;
  /** The tools above it that are under way, the root's first; `[]`: it came in by a door. */
  readonly chain: readonly string[];
  readonly rule: AskingRule;
  readonly policy: PolicyRef;
  readonly terms: ApprovalTerms;
  /** What counted of what the agent had seen. Not part of what the call is: rules are asked about it again at its turn. Absent: nothing. */
  readonly seen?: readonly SeenAtAsking[];
  /** Absent: the token was issued to the agent. */
  readonly onBehalfOf?: OnBehalfOf;
};

/** `text`: the whole rule as RFC 8785 writes it, whose SHA-256 `digest` is; absent: it is too long to be shown. `why`: as it says. */
export type AskingRule = {
  readonly name: string;
  readonly digest: Digest;
  readonly text?: string;
  readonly why?: string;
};

/** A label, and the tool that brought it first. */
export type SeenAtAsking = { readonly label: string; readonly tool: string };

/** As in a token's rights: ids of the tokens above, the root's first, and what those below it call themselves; '' where one has no name. */
export type OnBehalfOf = { readonly tokens: readonly string[]; readonly actors: readonly string[] };

/** `pending`: nobody has decided · `used`: the one call that it was for has begun. The last three don't change any more. */
export type ApprovalState = 'pending' | 'approved' | 'denied' | 'expired' | 'used';

/**
 * Who decided. `admin`: whoever shows the home's token · `agent`: one that was granted the tool · `client`: the asking agent's own
 * client asserts that somebody did, which counts only where the grant trusts it · `channel`: a person whose account Telegram vouches for, which
 * counts where the grant does not say who approves · `person`: one of the policy who is signed in, with
 * the role that they have now; to approve takes what their passkey signed, with the request's digest as its challenge.
 *
 * `token`: that by which it was said; an approval counts as long as it stands. Absent of an agent and its client: they came by a door
 * without tokens. Of an admin it is the id, and one without it counts no more.
 */
export type Approver =
  | { readonly kind: 'admin'; readonly token?: string }
  | { readonly kind: 'agent'; readonly name: AgentName; readonly token?: HeldToken }
  | { readonly kind: 'client'; readonly name: AgentName; readonly token?: HeldToken }
  | ChannelApprover
  | PersonApprover;

export type PersonApprover = {
  readonly kind: 'person';
  readonly name: PersonName;
  readonly role: PersonRole;
  readonly assertion?: SignedAssertion;
};

/** A person as the channel asserts it: who is signed in to an account that the configuration names. No passkey has signed. */
export type ChannelApprover = {
  readonly kind: 'channel';
  readonly name: string;
  readonly via: 'telegram';
  /** The number of the account that was theirs. In no record. */
  readonly account: number;
};

/** An approver in words, as lists and answers name them. */
export function describeApprover(by: Approver): string {
  if (by.kind === 'admin') return 'admin';
  if (by.kind === 'channel') return `${by.name}, asserted by Telegram`;
  return by.kind === 'client' ? `asserted by the client of ${by.name}` : by.name;
}

/** An approval that counts no more, and why: a clause such as `its token was revoked`. */
export type LostApproval = { readonly by: string; readonly why: string };

export type ApprovalDecision = {
  readonly by: Approver;
  readonly atMs: number;
  /** What the person said; of a denial. */
  readonly why?: string;
  /** The record of the decision. */
  readonly record: Receipt;
};

/** A request for approval. What it is about never changes; times in ms since the epoch. */
export type ApprovalRequest = {
  readonly id: string;
  /** Over exactly what is asked: two requests with the same binding are about the same call. */
  readonly binding: Digest;
  /** SHA-256 of the statement, which names everything that was asked: what approving takes. */
  readonly digest: Digest;
  /** `{"nonce","value"}` as RFC 8785 writes it: `ApprovalStatement` is the value. */
  readonly statement: string;
  readonly agent: AgentName;
  readonly tool: string;
  readonly trustsClient: boolean;
  /** As the rule that asked says it. Absent: as in `ApprovalTerms`. */
  readonly approvers?: ApproverTerms;
  /** By people who have approved while others are still needed, in their order. Absent: by none. */
  readonly approvals?: readonly ApprovalDecision[];
  /** Those of givers who might not give them now, so that it waits again. Absent: none. */
  readonly lost?: readonly LostApproval[];
  readonly state: ApprovalState;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** Absent while nobody has decided. */
  readonly decision?: ApprovalDecision;
  /** When it was used, denied or found to be expired. */
  readonly endedMs?: number;
  /** The invocation that used it. */
  readonly usedBy?: string;
};

/** What an approver puts their name to. Times RFC 3339. */
export type ApprovalStatement = {
  readonly approval: string;
  readonly agent: string;
  readonly tool: AskedTool;
  /** SHA-256 of the arguments as RFC 8785 writes them, every digit of their numbers kept. */
  readonly args: Digest;
  readonly capabilities: Capabilities;
  readonly workspace?: string;
  readonly chain: readonly string[];
  readonly rule: AskingRule;
  readonly policy: PolicyRef;
  /** What the agent had seen, and for whom it acts. Absent: nothing, or it is of a release that did not say. */
  readonly seen?: readonly SeenAtAsking[];
  readonly onBehalfOf?: OnBehalfOf;
  readonly created: string;
  readonly expires: string;
};

/** An approval that a call has used. */
export type UsedApproval = {
  readonly id: string;
  readonly record: Receipt;
  /** When, RFC 3339: before it had expired. */
  readonly used: string;
};

/** That a call may begin: the policy allows it, or asks and somebody has approved this one. */
export type Permission = Allow | (Ask & { readonly approval: UsedApproval });

/** What the dispatcher asks of approvals. Nothing here waits. */
export type ApprovalDesk = {
  /**
   * The request for exactly this call: the one that waits or was approved, else a new one. `id`: the one that the client names,
   * which must be for this call.
   *
   * **Durability:** a new one is on disk when it returns.
   * @throws `APPROVAL_DENIED` · `APPROVALS_FULL` · `ARGUMENTS_INVALID` for what can't be written canonically · with an `id`
   * also `APPROVAL_UNKNOWN` · `APPROVAL_MISMATCH` · `APPROVAL_EXPIRED` · `APPROVAL_USED`
   */
  readonly request: (question: ApprovalQuestion, id?: string) => ApprovalRequest;
  /** What became of one; undefined when it is not known any more. */
  readonly find: (id: string) => ApprovalRequest | undefined;
  /** Why a call that waits for this request does not begin: `APPROVAL_PENDING` and what it was decided. */
  readonly whyNot: (request: ApprovalRequest) => SmcpError;
  /** The arguments as they were asked about: JSON text, every number as it was spelled; undefined once the request is over. */
  readonly argsJson: (id: string) => string | undefined;
  /** Whether the request is about exactly this call. */
  readonly isFor: (request: ApprovalRequest, question: ApprovalQuestion) => boolean;
  /**
   * Uses it up for one call.
   *
   * **Durability:** on disk when it returns: it is never used twice.
   * @throws `APPROVAL_PENDING` · `APPROVAL_DENIED` · `APPROVAL_EXPIRED` · `APPROVAL_USED` · `APPROVAL_UNKNOWN`
   */
  readonly use: (id: string, invocation: string) => UsedApproval;
  /**
   * Decides as the agent's own client asserts that somebody did, about a request for exactly this call. One that was decided
   * already stays as it is.
   *
   * **Durability:** as `approve`. @throws `APPROVAL_OWN` when the rule does not trust clients · as `request` with an id ·
   * `APPROVAL_DECIDED` · `LOG_UNAVAILABLE`
   */
  readonly assert: (
    question: ApprovalQuestion,
    asserted: { readonly id: string; readonly isApproved: boolean; readonly token?: HeldToken },
  ) => Promise<void>;
  /** Calls `listener` after the request has changed, until the function returned is called. */
  readonly watch: (id: string, listener: () => void) => () => void;
};

/** What approvers are told and do. */
export type Approvals = ApprovalDesk & {
  /** One as it is now. @throws `APPROVAL_UNKNOWN` */
  readonly get: (id: string) => ApprovalRequest;
  /** @throws `APPROVAL_UNKNOWN` · `APPROVAL_DECIDED` · `APPROVAL_EXPIRED` when there is nothing to decide any more */
  readonly checkOpen: (id: string) => void;
  /** Those that wait, and what became of others lately; the newest last. */
  readonly list: () => readonly ApprovalRequest[];
  /** Calls `listener` after each request that was made or has changed, until the function returned is called. */
  readonly onChange: (listener: (request: ApprovalRequest) => void) => () => void;
  /**
   * **Durability:** decision and record are on disk when it resolves.
   * @throws `APPROVAL_UNKNOWN` · `APPROVAL_MISMATCH` when `digest` is another's · `APPROVAL_DECIDED` · `APPROVAL_EXPIRED` ·
   * `APPROVAL_OWN` for an agent's own call, and where a client is not trusted · `APPROVAL_NEEDS_PERSON` for anybody but the people
   * that the rule names, a person who has approved, and an agent where the asking one may approve calls itself · `ROLE_NEEDED` for a person who may not approve · `LOG_UNAVAILABLE`
   */
  readonly approve: (id: string, act: { readonly digest: string; readonly by: Approver }) => Promise<ApprovalRequest>;
  /** As `approve`. `why`: told to the agent. */
  readonly deny: (id: string, act: { readonly why?: string; readonly by: Approver }) => Promise<ApprovalRequest>;
};

/** Where requests are kept. **Durability:** what was written is on disk when a function returns. */
export type ApprovalStore = {
  /** In the order in which they were made. */
  readonly list: () => readonly ApprovalRequest[];
  readonly put: (request: ApprovalRequest, argsJson: string) => void;
  /** State, decision and end of one that was put. The arguments of one that is over are erased. */
  readonly update: (request: ApprovalRequest) => void;
  readonly argsJson: (id: string) => string | undefined;
  readonly remove: (ids: readonly string[]) => void;
};
