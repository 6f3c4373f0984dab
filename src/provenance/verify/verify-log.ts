// Recomputes everything that a log claims and names the first thing that is wrong. Needs public keys only; imports no
// signing code. **Trust:** nothing of the source, but the key of a home, which is the operator's.

import { asSmcpError } from '#base/errors.ts';
import type { Validator } from '#base/schema.ts';
import { type Checkpoint, verifyCheckpoint } from '#provenance/checkpoint.ts';
import { formatKeys } from '#provenance/log-key.ts';
import { isSameHash, MerkleTree, UpperTiles } from '#provenance/merkle.ts';
import type { NoteKey } from '#provenance/signed-note.ts';
import { createEntryChecker, type EntryChecker } from './check-entry.ts';
import { isProblem, type LogSource, type Problem, type SourceCheckpoint } from './source.ts';
import { createStatementCheck } from './statement.ts';
import { checkPinnedKey, trustedKey } from './trusted-key.ts';

export type VerifyOptions = {
  /** The log's verifier key, kept from elsewhere. Absent: the source's own. */
  readonly vkey?: string;
};

export type VerifyReport = {
  readonly ok: boolean;
  /** `pinned`: checked with a key from outside the log; `self`: the log vouches for itself, which proves no origin. */
  readonly trust: 'pinned' | 'self';
  /** Records found sound. */
  readonly entries: number;
  /** Checkpoints found sound. */
  readonly checkpoints: number;
  /** Intents that nothing closed yet: calls under way, or a crash with no start since. */
  readonly openIntents: number;
  readonly firstProblem?: Problem;
};

type Walk = { entries: number; checkpoints: number; openIntents: number };

export type LogVerifier = (source: LogSource, options?: VerifyOptions) => VerifyReport;

/**
 * Verifies one log.
 *
 * @throws `USAGE` when `options.vkey` is no verifier key. What is wrong with the log is a value.
 */
export function verifyLog(source: LogSource, options: VerifyOptions = {}): VerifyReport {
  return createLogVerifier()(source, options);
}

/** A verifier for many logs: it compiles the schema of records once, which takes longer than to verify a small log. */
export function createLogVerifier(): LogVerifier {
  const checkStatement = createStatementCheck();
  return (source, options = {}) => verify(source, options, checkStatement);
}

function verify(source: LogSource, options: VerifyOptions, checkStatement: Validator): VerifyReport {
  const trust = options.vkey === undefined ? source.trust : 'pinned';
  const walk: Walk = { entries: 0, checkpoints: 0, openIntents: 0 };
  checkPinnedKey(options.vkey);
  const firstProblem = firstProblemOf(source, { pinned: options.vkey, checkStatement }, walk);
  return { ok: firstProblem === undefined, trust, ...walk, ...(firstProblem === undefined ? {} : { firstProblem }) };
}

type Trusted = { readonly pinned: string | undefined; readonly checkStatement: Validator };

function firstProblemOf(source: LogSource, { pinned, checkStatement }: Trusted, walk: Walk): Problem | undefined {
  try {
    const logKey = trustedKey({ pinned, own: source.vkey() });
    if ('code' in logKey) return logKey;
    return walkLog(source, { logKey, checker: createEntryChecker(logKey.name, checkStatement) }, walk);
  } catch (thrown) {
    return { index: walk.entries, code: 'STORAGE_DAMAGED', message: asSmcpError(thrown).message };
  }
}

type Checks = { readonly logKey: NoteKey; readonly checker: EntryChecker };

function walkLog(source: LogSource, { logKey, checker }: Checks, walk: Walk): Problem | undefined {
  const outside = publishedCheckpoint(source, logKey);
  // A running server commits records and checkpoint together: the stored size first, so that the checkpoint covers it.
  const stored = source.size();
  const last = verifyCheckpoint(source.lastCheckpoint() ?? '', logKey);
  if (stored === undefined && last === undefined) {
    return {
      index: -1,
      code: 'CHECKPOINT_INVALID',
      message: "the checkpoint is missing or not signed by the log's key",
    };
  }
  const size = Math.max(stored ?? 0, last?.size ?? 0);
  const checkpoints = createCheckpointWalk(source.checkpoints(), logKey);
  const tree = new MerkleTree();
  const upper = new UpperTiles();
  while (tree.size < size) {
    const index = tree.size;
    const entry = source.entry(index);
    if (entry === undefined) return { index, code: 'RECORD_MISSING', message: 'the record is missing' };
    const wrong = isProblem(entry) ? entry : checker.check(entry);
    if (wrong !== undefined || isProblem(entry)) return wrong;
    upper.add(tree.append(entry.leaf));
    const unproven = checkpoints.upTo(tree) ?? rootProblem(outside.checkpoint, tree);
    if (unproven !== undefined) return unproven;
    walk.entries = tree.size;
    walk.checkpoints = checkpoints.count();
    walk.openIntents = checker.openIntents();
  }
  return (
    checkpoints.end(tree.size) ??
    outside.problem ??
    behindProblem(outside.checkpoint, tree.size) ??
    source.finish({
      size: tree.size,
      keysText: formatKeys(checker.opened()?.keys ?? []),
      upperHashes: (level, from, to) => upper.hashes(level, from, to),
    })
  );
}

type Outside = { readonly checkpoint?: Checkpoint; readonly problem?: Problem };

function publishedCheckpoint(source: LogSource, logKey: NoteKey): Outside {
  const published = source.published();
  if (published === 'none') return {};
  if (published.note === undefined) {
    return {
      problem: { index: -1, code: 'CHECKPOINT_MISSING', message: 'the checkpoint outside the database is missing' },
    };
  }
  const checkpoint = verifyCheckpoint(published.note, logKey);
  if (checkpoint !== undefined) return { checkpoint };
  const message = "the checkpoint outside the database is not signed by the log's key";
  return { problem: { index: -1, code: 'CHECKPOINT_INVALID', message } };
}

function rootProblem(checkpoint: Checkpoint | undefined, tree: MerkleTree): Problem | undefined {
  if (checkpoint?.size !== tree.size || isSameHash(checkpoint.root, tree.root())) return undefined;
  return {
    index: tree.size - 1,
    code: 'TREE_MISMATCH',
    message: 'the records do not give the root of a signed checkpoint',
  };
}

function behindProblem(outside: Checkpoint | undefined, size: number): Problem | undefined {
  if (outside === undefined || outside.size <= size) return undefined;
  const message = `the log has ${size} records, the checkpoint outside the database ${outside.size}`;
  return { index: size, code: 'LOG_BEHIND', message };
}

/** Compares each checkpoint with the tree when it has grown to its size; so each is consistent with those before it. */
function createCheckpointWalk(checkpoints: Iterable<SourceCheckpoint>, logKey: NoteKey) {
  const iterator = checkpoints[Symbol.iterator]();
  let next = iterator.next();
  let count = 0;
  let covered = 0;

  function checked({ size, note }: SourceCheckpoint): Checkpoint | Problem {
    const checkpoint = verifyCheckpoint(note, logKey);
    const index = Math.max(-1, Math.min(size, checkpoint?.size ?? size) - 1);
    if (checkpoint === undefined) {
      return { index, code: 'CHECKPOINT_INVALID', message: "a checkpoint is not signed by the log's key" };
    }
    if (checkpoint.size === size) return checkpoint;
    return {
      index,
      code: 'CHECKPOINT_INVALID',
      message: `the checkpoint of ${checkpoint.size} records is filed under ${size}`,
    };
  }

  return {
    count: () => count,
    /** The first thing wrong with the checkpoints of up to the tree's size. */
    upTo(tree: MerkleTree): Problem | undefined {
      while (next.done !== true && next.value.size <= tree.size) {
        const checkpoint = checked(next.value);
        if ('code' in checkpoint) return checkpoint;
        const wrong = rootProblem(checkpoint, tree);
        if (wrong !== undefined) return wrong;
        count += 1;
        covered = checkpoint.size;
        next = iterator.next();
      }
      return undefined;
    },
    /** Every record is under a checkpoint; what a running server has added since is at least signed. */
    end(size: number): Problem | undefined {
      if (covered !== size) {
        return {
          index: covered,
          code: 'CHECKPOINT_MISSING',
          message: 'the records from here on are under no checkpoint',
        };
      }
      while (next.done !== true) {
        const checkpoint = checked(next.value);
        if ('code' in checkpoint) return checkpoint;
        next = iterator.next();
      }
      return undefined;
    },
  };
}
