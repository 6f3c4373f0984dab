// One record, checked by itself and against those before it.

import { createHash } from 'node:crypto';
import type { Validator } from '#base/schema.ts';
import { base64 } from '#provenance/base64.ts';
import { preAuthEncoding } from '#provenance/envelope.ts';
import { isInRange, type LogKey, publicKeyOf } from '#provenance/log-key.ts';
import { isSameHash, leafHash } from '#provenance/merkle.ts';
import type { PublicKey } from '#provenance/public-key.ts';
import { createHistory, type Opened, openedOf } from './history.ts';
import type { Problem, SourceEntry, VerifyCode } from './source.ts';
import { invocationOf, type ParsedRecord, parseRecord, type Statement } from './statement.ts';

export type EntryChecker = {
  /** The first thing wrong with the next record; undefined when nothing is. */
  readonly check: (entry: SourceEntry) => Problem | undefined;
  /** What the first record said; undefined before it. */
  readonly opened: () => Opened | undefined;
  readonly openIntents: () => number;
};

type RangedKey = { readonly range: LogKey; readonly key: PublicKey };

/** @param origin the log's, as its key names it. */
export function createEntryChecker(origin: string, checkStatement: Validator): EntryChecker {
  const history = createHistory();
  const keys = new Map<string, RangedKey>();
  let opened: Opened | undefined;

  /** The first record names the keys, its own among them; it is vouched for by the log key, whose checkpoints cover it. */
  function open(statement: Statement): string | undefined {
    opened = openedOf(statement);
    if (opened === undefined) return 'the first record does not open the log';
    if (opened.origin !== origin) return 'the log was opened under another origin than its key has';
    for (const range of opened.keys) {
      const key = publicKeyOf(range);
      if (key === undefined || statement.subjects.get('key') === undefined)
        return 'a record key is not what its keyid says';
      keys.set(range.keyid, { range, key });
    }
    return undefined;
  }

  function signature({ envelope }: ParsedRecord, index: number): string | undefined {
    const signer = keys.get(envelope.keyid);
    if (signer === undefined) return 'it is signed by a key that the log does not name';
    if (!isInRange(signer.range, index)) return 'its key does not count at this index';
    return signer.key.isSignatureOf(envelope.signature, preAuthEncoding(envelope.payload))
      ? undefined
      : 'its signature does not hold';
  }

  function check(entry: SourceEntry): Problem | undefined {
    const { index, bytes } = entry;
    const problem = (code: VerifyCode, message: string | undefined): Problem | undefined =>
      message === undefined ? undefined : { index, code, message };
    const leaf = leafHash(bytes);
    if (!isSameHash(leaf, entry.leaf))
      return problem('LEAF_MISMATCH', 'the stored leaf hash is not that of the record');
    const record = parseRecord(bytes, checkStatement);
    if ('code' in record) return problem(record.code, record.message);
    const { statement } = record;
    return (
      (index === 0 ? problem('HISTORY_INVALID', open(statement)) : undefined) ??
      problem('SIGNATURE_INVALID', signature(record, index)) ??
      problem('HISTORY_INVALID', history.next({ index, leaf: base64(leaf), statement })) ??
      problem('COLUMN_MISMATCH', columnProblem(entry, statement)) ??
      problem('DISCLOSURE_MISMATCH', disclosureProblem(entry, statement))
    );
  }

  return { check, opened: () => opened, openIntents: history.openIntents };
}

function columnProblem({ columns }: SourceEntry, statement: Statement): string | undefined {
  const predicate = invocationOf(statement);
  if (columns === undefined) return undefined;
  const isSame = columns.invocation === (predicate?.invocation ?? '') && columns.phase === (predicate?.phase ?? '');
  return isSame ? undefined : 'the database files the record under another invocation or phase';
}

/** A document that is gone was erased, which is allowed; one that is there must be the one that the record commits to. */
function disclosureProblem({ disclosed }: SourceEntry, { subjects }: Statement): string | undefined {
  for (const [name, document] of Object.entries(disclosed)) {
    const digest = createHash('sha256').update(document).digest('hex');
    if (subjects.get(name) !== digest)
      return `the disclosure document ${name} is not the one that the record commits to`;
  }
  return undefined;
}
