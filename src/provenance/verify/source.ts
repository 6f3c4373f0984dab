// Where a log to be verified comes from: a home's database or an exported folder; and what may be wrong with it. **Trust:** nothing in it is trusted.

import type { DisclosedDocuments } from '#domain/record.ts';

/** What is wrong, for programs; the message is for people. */
export type VerifyCode =
  | 'RECORD_MISSING'
  | 'ENVELOPE_INVALID'
  | 'STATEMENT_INVALID'
  | 'SIGNATURE_INVALID'
  | 'LEAF_MISMATCH'
  | 'HISTORY_INVALID'
  | 'COLUMN_MISMATCH'
  | 'DISCLOSURE_MISMATCH'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_MISSING'
  | 'TREE_MISMATCH'
  | 'LOG_BEHIND'
  | 'KEY_INVALID'
  | 'BUNDLE_INVALID'
  | 'PROOF_INVALID'
  | 'FILE_MISMATCH'
  | 'STORAGE_DAMAGED';

/**
 * The first thing wrong. `index` is the record; of a checkpoint the last record it covers, of a tile the first; -1 where it
 * belongs to no record.
 */
export type Problem = { readonly index: number; readonly code: VerifyCode; readonly message: string };

/** A record as the source holds it. */
export type SourceEntry = {
  readonly index: number;
  /** The bytes that are hashed. */
  readonly bytes: Uint8Array;
  /** The leaf hash that the source stores. */
  readonly leaf: Uint8Array;
  /** What a database keeps beside the record; undefined in a folder. */
  readonly columns?: { readonly invocation: string; readonly phase: string };
  readonly disclosed: DisclosedDocuments;
};

export type SourceCheckpoint = {
  /** The size under which the source keeps it. */
  readonly size: number;
  readonly note: string;
};

/** What verifying has established, for the source's own last checks. */
export type Established = {
  readonly size: number;
  readonly keysText: string;
  /** Hashes `[from, to)` of a tile level from 1 up. */
  readonly upperHashes: (level: number, from: number, to: number) => readonly Uint8Array[];
};

export type LogSource = {
  /** `pinned`: the key comes from the verifier's own home; `self`: from beside the log, which proves no origin. */
  readonly trust: 'pinned' | 'self';
  /** The log's verifier key as the source has it; undefined when it has none. */
  readonly vkey: () => string | undefined;
  /** How many records are stored; undefined where only the checkpoint says it. Asked before `lastCheckpoint`. */
  readonly size: () => number | undefined;
  readonly lastCheckpoint: () => string | undefined;
  /** Undefined when it is not there. May throw an SmcpError for what can't be read at all. */
  readonly entry: (index: number) => SourceEntry | Problem | undefined;
  /** In order of size. */
  readonly checkpoints: () => Iterable<SourceCheckpoint>;
  /** The checkpoint kept outside the database; 'none' when the source has no such place. */
  readonly published: () => { readonly note: string | undefined } | 'none';
  /** Checks of what belongs to no single record. */
  readonly finish: (established: Established) => Problem | undefined;
  readonly close: () => void;
};

export function isProblem(value: SourceEntry | Problem): value is Problem {
  return 'code' in value;
}
