// One record, checked by itself and against those before it.

import { createHash } from 'node:crypto';
import type { Validator } from '#base/schema.ts';
import { readDisclosed } from '#domain/disclosed-document.ts';
import { base64 } from '#provenance/base64.ts';
import { isSameHash, leafHash } from '#provenance/merkle.ts';
import { createApprovedCalls } from './approved-calls.ts';
import { createHistory, type Opened } from './history.ts';
import { createRecordKeys } from './record-keys.ts';
import type { Problem, SourceEntry, VerifyCode } from './source.ts';
import { invocationOf, parseRecord, type Statement } from './statement.ts';

export type EntryChecker = {
  /** The first thing wrong with the next record; undefined when nothing is. */
  readonly check: (entry: SourceEntry) => Problem | undefined;
  /** What the first record said; undefined before it. */
  readonly opened: () => Opened | undefined;
  readonly openIntents: () => number;
};

/** @param origin the log's, as its key names it. */
export function createEntryChecker(origin: string, checkStatement: Validator): EntryChecker {
  const history = createHistory();
  const approvedCalls = createApprovedCalls();
  const keys = createRecordKeys(origin);

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
      (index === 0 ? problem('HISTORY_INVALID', keys.open(statement)) : undefined) ??
      problem('SIGNATURE_INVALID', keys.signatureProblem(record, index)) ??
      problem('HISTORY_INVALID', history.next({ index, leaf: base64(leaf), statement })) ??
      problem('COLUMN_MISMATCH', columnProblem(entry, statement)) ??
      problem('DISCLOSURE_MISMATCH', disclosureProblem(entry, statement)) ??
      problem('HISTORY_INVALID', approvedCalls.next({ index, statement, disclosed: entry.disclosed }))
    );
  }

  return { check, opened: keys.opened, openIntents: history.openIntents };
}

function columnProblem({ columns }: SourceEntry, statement: Statement): string | undefined {
  const predicate = invocationOf(statement);
  if (columns === undefined) return undefined;
  const isSame = columns.invocation === (predicate?.invocation ?? '') && columns.phase === (predicate?.phase ?? '');
  return isSame ? undefined : 'the database files the record under another invocation or phase';
}

/** A document that is gone was erased, which is allowed; one that is there must be the one that the record commits to, and say something. */
function disclosureProblem({ disclosed }: SourceEntry, { subjects }: Statement): string | undefined {
  for (const [name, document] of Object.entries(disclosed)) {
    const digest = createHash('sha256').update(document).digest('hex');
    if (subjects.get(name) !== digest)
      return `the disclosure document ${name} is not the one that the record commits to`;
    // Signed for as it is, it still keeps what was said from whoever reads the log.
    if (readDisclosed(document).kind === 'unreadable') return `the disclosure document ${name} cannot be read`;
  }
  return undefined;
}
