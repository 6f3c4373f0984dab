// What the bench found, as its JSON has it. Times are ms or µs as their names say; `median`, `min` and `max` are over the rounds.

import type { Spread } from './statistics.ts';

export type Side = {
  readonly callsPerSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  /** Processor time, in µs a call. 0 where it can't be read. */
  readonly cpuUsPerCall: { readonly server: number; readonly wardens: number; readonly client: number };
};

export type Comparison = {
  readonly connections: number;
  readonly rounds: number;
  readonly bare: Side;
  readonly ours: Side;
  /** Our calls a second through those of the bare server, pair by pair. */
  readonly ratio: Spread;
  readonly addedP50Ms: Spread;
};

/** What one part of a call costs by itself: median over batches, in µs. `isWaiting`: time that passes, not work of the host. */
export type PartCost = { readonly name: string; readonly us: number; readonly isWaiting: boolean };

/** In µs a call. */
export type TimeShare = { readonly name: string; readonly us: number };

export type Profile = {
  /** One call after the other. */
  readonly serial: {
    readonly p50Us: number;
    readonly parts: readonly PartCost[];
    /** What no part accounts for: p50 less their sum. */
    readonly restUs: number;
  };
  /** The host's one JavaScript thread under load, by whose code ran. */
  readonly host: {
    readonly connections: number;
    readonly callsPerSecond: number;
    /** For which the thread was not idle, a wait for the disk or for a processor included: what byOwner adds up to. */
    readonly busyUsPerCall: number;
    /** Processor time of the process, other threads included. */
    readonly cpuUsPerCall: number;
    readonly byOwner: readonly TimeShare[];
    /** The largest. */
    readonly byFile: readonly TimeShare[];
    /** The largest of Node's own files: what they did is in byOwner and byFile too, for whom they did it. */
    readonly inNode: readonly TimeShare[];
  };
};

/** Memory of one process, or of several together. `growth` is in MiB per 10,000 calls, after the warm-up. */
export type MemoryTrack = {
  readonly what: string;
  readonly firstMiB: number;
  readonly lastMiB: number;
  readonly growth: number;
  /** Whether it decides on `isFlat`. What is resident is only shown: when the system takes pages back is its own affair. */
  readonly isJudged: boolean;
};

export type Memory = {
  readonly calls: number;
  readonly tracks: readonly MemoryTrack[];
  /** Absent where there were too few calls to tell. */
  readonly isFlat?: boolean;
  /** Processes of the server that still ran after it had ended. */
  readonly processesLeft: number;
};

export type Freeze =
  | { readonly kind: 'unavailable'; readonly reason: string }
  | {
      readonly kind: 'measured';
      readonly calls: number;
      /** From the start of the command `smcp freeze`, Node's own start included. */
      readonly commandMs: number;
      readonly lastCallMs: number;
      /** Absent when some process still ran after `waitedMs`. */
      readonly lastProcessMs?: number;
      readonly waitedMs: number;
      /** Of the answers. */
      readonly codes: { readonly [code: string]: number };
    };

export type Check = { readonly what: string; readonly found: string; readonly isHeld: boolean };

export type Report = {
  readonly version: 1;
  readonly date: string;
  readonly machine: {
    readonly processors: number;
    readonly model: string;
    readonly memoryGiB: number;
    readonly platform: string;
    readonly node: string;
  };
  readonly options: { readonly [name: string]: unknown };
  readonly compare?: readonly Comparison[];
  readonly profile?: Profile;
  readonly memory?: Memory;
  readonly freeze?: Freeze;
  readonly checks?: readonly Check[];
};
