// From a draft to what is signed and stored beside it. Called once per append, before the record has an index.

import type { ExactJson } from '#base/exact-json.ts';
import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import type { DisclosedDocuments, Phase } from '#domain/record.ts';
import { boundedDraft } from './bounded-draft.ts';
import { type Disclosure, discloseValue } from './disclosure.ts';
import { envelopeBytes } from './envelope.ts';
import { type AnyDraft, formatStatement, ownSubjects, type Subject } from './statement.ts';

export type PreparedRecord = {
  readonly payload: Uint8Array;
  /** '' for records that are no invocation. */
  readonly invocation: string;
  readonly phase: string;
  readonly disclosed: DisclosedDocuments;
  /** Digest of the arguments' document; undefined when the record has none. */
  readonly argsDigest: string | undefined;
};

/**
 * @param intentArgs digest of the arguments as the closed intent has it: they are kept once, with the intent.
 * @throws `RECORD_TOO_LARGE`
 */
export function prepareRecord(draft: AnyDraft, intentArgs?: { readonly digest: string | undefined }): PreparedRecord {
  const bounded = boundedDraft(draft);
  const isInvocation = bounded.kind === 'invocation';
  const bytesMax = isInvocation ? disclosureBytesMax(bounded.predicate.phase) : 0;
  const args = isInvocation && intentArgs === undefined ? disclosureOf(bounded.args, bytesMax) : undefined;
  const result = isInvocation ? disclosureOf(bounded.result, bytesMax) : undefined;
  const transcript = isInvocation ? disclosureOf(bounded.transcript, LIMITS.transcriptBytesMax) : undefined;
  const argsDigest = intentArgs === undefined ? args?.digest : intentArgs.digest;
  const subjects: Subject[] = [];
  if (argsDigest !== undefined) subjects.push({ name: 'args', digest: argsDigest });
  if (result !== undefined) subjects.push({ name: 'result', digest: result.digest });
  if (transcript !== undefined) subjects.push({ name: 'transcript', digest: transcript.digest });
  if (subjects.length === 0) subjects.push(...ownSubjects(bounded));
  const payload = Buffer.from(formatStatement(bounded.kind, subjects, bounded.predicate));
  invariant(envelopeBytes(payload.length) <= LIMITS.recordBytesMax, `a bounded record fits (${payload.length} bytes)`);
  return {
    payload,
    invocation: isInvocation ? bounded.predicate.invocation : '',
    phase: isInvocation ? bounded.predicate.phase : '',
    disclosed: {
      ...(args === undefined ? {} : { args: args.document }),
      ...(result === undefined ? {} : { result: result.document }),
      ...(transcript === undefined ? {} : { transcript: transcript.document }),
      ...(bounded.kind === 'approval' || bounded.kind === 'act' ? { statement: bounded.statement } : {}),
    },
    argsDigest,
  };
}

/** What never ran is not kept whole: else an agent without a grant could fill the disk with its arguments. */
function disclosureBytesMax(phase: Phase): number {
  const isRefused = phase === 'denied' || phase === 'cancelled';
  return isRefused ? LIMITS.refusedDisclosureBytesMax : LIMITS.disclosureBytesMax;
}

function disclosureOf(value: ExactJson | undefined, bytesMax: number): Disclosure | undefined {
  return value === undefined ? undefined : discloseValue(value, bytesMax);
}
