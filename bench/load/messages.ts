// What the bench and its load process say to each other. Sent with structured clone.

import type { Question } from '#bench/tool-call.ts';

/** How a load is made: for a time or for a number of calls. */
export type LoadJob = {
  readonly url: string;
  /** One connection uses one of them, in turn. */
  readonly tokens: readonly string[];
  readonly connections: number;
  readonly until: { readonly ms: number } | { readonly calls: number };
  readonly client: 'lean' | 'sdk';
  /** Whether each answer must carry a receipt. */
  readonly hasReceipt: boolean;
  /** The server only sends bytes back: answers are parsed and not checked. For the profile. */
  readonly isEcho?: boolean;
};

export type LoadResult = {
  /** Answered within the time asked for, or all of them. */
  readonly calls: number;
  /** Answered in all, those after the time included. */
  readonly answered: number;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the load itself, per call. */
  readonly clientUsPerCall: number;
};

/** Each question once, each on a connection of its own. */
export type HoldJob = { readonly url: string; readonly questions: readonly (Question & { readonly token: string })[] };

/** `answeredMs`: when each answer came, as `Date.now()`, in that order. */
export type HoldResult = {
  readonly answeredMs: readonly number[];
  readonly codes: { readonly [code: string]: number };
};

export type Job = { readonly kind: 'load'; readonly job: LoadJob } | { readonly kind: 'hold'; readonly job: HoldJob };

export type Report =
  | { readonly kind: 'done'; readonly result: LoadResult | HoldResult }
  | { readonly kind: 'failed'; readonly reason: string };
