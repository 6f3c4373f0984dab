// Verifies one record by its proof bundle, offline and with public keys only. What a bundle can't show is what the log says
// elsewhere: whether the call was announced, how it ended, which policy and code were in force, whose key approved it. That takes
// the whole log.
// **Trust:** nothing of the bundle.

import { canonicalJson } from '#base/canonical-json.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { Validator } from '#base/schema.ts';
import type { ProofBundle, ProvenRecord } from '#domain/proof-bundle.ts';
import { PREDICATE_TYPES } from '#domain/record.ts';
import { base64, parseBase64 } from '#provenance/base64.ts';
import { type Checkpoint, verifyCheckpoint } from '#provenance/checkpoint.ts';
import { rootByInclusion } from '#provenance/inclusion.ts';
import { isSameHash, leafHash } from '#provenance/merkle.ts';
import { parseBundle } from './bundle.ts';
import { subjectsProblem } from './history.ts';
import { assertionProblem } from './people-history.ts';
import { createRecordKeys, type RecordKeys } from './record-keys.ts';
import type { Problem, VerifyCode } from './source.ts';
import { createStatementCheck, invocationOf, type ParsedRecord, parseRecord } from './statement.ts';
import { checkPinnedKey, trustedKey } from './trusted-key.ts';
import type { VerifyOptions, VerifyReport } from './verify-log.ts';

/** Which record was proven: a bundle that is sound may still be another one than was asked for. */
export type Proven = {
  readonly origin: string;
  readonly index: number;
  /** Of the log at its checkpoint. */
  readonly size: number;
  readonly predicateType: string;
  readonly predicate: JsonObject;
};

/** `entries` and `checkpoints` are 1, or 0 when anything is wrong. */
export type BundleReport = Omit<VerifyReport, 'openIntents'> & { readonly proven?: Proven };

export type BundleVerifier = (bytes: Uint8Array, options?: VerifyOptions) => BundleReport;

/**
 * Verifies one bundle.
 *
 * **Trust:** `bytes` may be anyone's; their number was bounded by the caller.
 * @throws `USAGE` when `options.vkey` is no verifier key. What is wrong with the bundle is a value.
 */
export function verifyBundle(bytes: Uint8Array, options: VerifyOptions = {}): BundleReport {
  return createBundleVerifier()(bytes, options);
}

/** A verifier for many bundles: it compiles the schema of records once. */
export function createBundleVerifier(): BundleVerifier {
  const checkStatement = createStatementCheck();
  return (bytes, options = {}) => {
    checkPinnedKey(options.vkey);
    const trust = options.vkey === undefined ? 'self' : 'pinned';
    const found = prove(bytes, options, checkStatement);
    if ('code' in found) return { ok: false, trust, entries: 0, checkpoints: 0, firstProblem: found };
    return { ok: true, trust, entries: 1, checkpoints: 1, proven: found };
  };
}

function prove(bytes: Uint8Array, { vkey }: VerifyOptions, checkStatement: Validator): Proven | Problem {
  const bundle = parseBundle(bytes);
  if (bundle === undefined) return wrong(-1, 'BUNDLE_INVALID', 'the file is no bundle as `smcp log prove` writes them');
  const logKey = trustedKey({ pinned: vkey, own: bundle.vkey });
  if ('code' in logKey) return logKey;
  const checkpoint = verifyCheckpoint(bundle.checkpoint, logKey);
  if (checkpoint === undefined) return wrong(-1, 'CHECKPOINT_INVALID', "the checkpoint is not signed by the log's key");
  const opening = parseProven(bundle.opening, checkpoint, checkStatement);
  if ('code' in opening) return opening;
  const record = parseProven(bundle.record, checkpoint, checkStatement);
  if ('code' in record) return record;
  const keys = createRecordKeys(logKey.name);
  const problem = openingProblem(bundle, opening, keys) ?? recordProblem(bundle.record.index, record, keys);
  if (problem !== undefined) return problem;
  const { predicateType, predicate } = record.statement;
  return { origin: logKey.name, index: bundle.record.index, size: checkpoint.size, predicateType, predicate };
}

/** The record, once its bytes are known to be in the tree at its index. */
function parseProven(
  { envelope, inclusion, index, leaf }: ProvenRecord,
  { size, root }: Checkpoint,
  checkStatement: Validator,
): ParsedRecord | Problem {
  const bytes = Buffer.from(envelope);
  const hash = leafHash(bytes);
  if (base64(hash) !== leaf) return wrong(index, 'LEAF_MISMATCH', 'the leaf hash is not that of the record');
  const proof = inclusion.map((text) => parseBase64(text) ?? Buffer.alloc(0));
  const found = rootByInclusion({ index, size }, hash, proof);
  if (found === undefined || !isSameHash(found, root)) {
    return wrong(index, 'PROOF_INVALID', 'the proof does not lead from the record to the root of the checkpoint');
  }
  const record = parseRecord(bytes, checkStatement);
  return 'code' in record ? wrong(index, record.code, record.message) : record;
}

function openingProblem(bundle: ProofBundle, opening: ParsedRecord, keys: RecordKeys): Problem | undefined {
  const message = keys.open(opening.statement);
  if (message !== undefined) return wrong(0, 'HISTORY_INVALID', message);
  const signature = keys.signatureProblem(opening, 0);
  if (signature !== undefined) return wrong(0, 'SIGNATURE_INVALID', signature);
  const canonical = (value: unknown) => canonicalJson(value as Json);
  if (canonical(bundle.keys) === canonical(keys.opened()?.keys ?? [])) return undefined;
  return wrong(-1, 'KEY_INVALID', 'the keys are not those that the first record names');
}

function recordProblem(index: number, record: ParsedRecord, keys: RecordKeys): Problem | undefined {
  const { statement } = record;
  const signature = keys.signatureProblem(record, index);
  if (signature !== undefined) return wrong(index, 'SIGNATURE_INVALID', signature);
  if (index > 0 && statement.predicateType === PREDICATE_TYPES.opened) {
    return wrong(index, 'HISTORY_INVALID', 'a log is opened once');
  }
  const predicate = invocationOf(statement);
  const subjects = predicate === undefined ? assertionProblem(statement) : subjectsProblem(predicate, statement);
  return subjects === undefined ? undefined : wrong(index, 'HISTORY_INVALID', subjects);
}

const wrong = (index: number, code: VerifyCode, message: string): Problem => ({ index, code, message });
