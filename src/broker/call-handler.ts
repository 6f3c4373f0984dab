// What the broker has for each host call: it reads and decides, and says what would be done. One file per capability makes
// these; the broker counts, records and carries them out.

import type { Json } from '#base/json.ts';
import type { HostCallName } from '#domain/host-call.ts';
import type { LabelledPlace } from '#domain/label-ports.ts';
import type { Broker } from '#domain/sandbox-ports.ts';

/** The invocation that a host call belongs to: whose it is, and what it was given. */
export type CallContext = Parameters<Broker['open']>[0];

/** What else a call uses on its way, of the same capability: a host that a redirection leads to. Each is a use of its own in the record. */
export type FurtherUses = {
  /** Counted when it begins; `end` adds how it ended. */
  readonly begin: (target: string, request: Json) => { readonly end: (answer: Json) => void };
};

/** A host call that was read and allowed, and has done nothing yet. */
export type PreparedCall = {
  /** What is used of the capability, for the record: a host and port, a program, a tool. Safe to show; no secret is in it. */
  readonly target: string;
  /** What it looks at, and what it writes to, of what carries labels. Absent: nothing. */
  readonly looksAt?: readonly LabelledPlace[];
  readonly writesTo?: readonly LabelledPlace[];
  /**
   * Does it. Once `signal` is aborted no effect begins any more; one under way ends as soon as it can. What it rejects with
   * reaches the guest where it is an SmcpError, and quotes no secret.
   */
  readonly perform: (signal: AbortSignal, uses: FurtherUses) => Promise<Json> | Json;
};

/**
 * Reads and decides one call. What was given is in `context.capabilities`, whose kind is there.
 *
 * **Trust:** the params are the guest's.
 * @throws `REQUEST_INVALID` for params that are not those of the call · `CAPABILITY_DENIED` for what was not given
 */
export type CallHandler = (params: Json, context: CallContext) => PreparedCall;

/** The calls of one capability, by name. */
export type CallHandlers = { readonly [Name in HostCallName]?: CallHandler };
