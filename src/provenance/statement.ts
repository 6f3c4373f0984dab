// in-toto statements: which digests each kind of record speaks of, and its exact payload. Pure but for hashing.
// **Source:** in-toto Statement v1, RFC 8785 (JCS).

import { hash } from 'node:crypto';
import { canonicalEvidence } from '#base/canonical-evidence.ts';
import { digestHex } from '#base/digest.ts';
import type { Json } from '#base/json.ts';
import { PREDICATE_TYPES, type RecordDraft } from '#domain/record.ts';
import type { LogKey } from './log-key.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** The first record of a log. */
export type OpenedDraft = {
  readonly kind: 'opened';
  readonly predicate: { readonly origin: string; readonly keys: readonly LogKey[]; readonly time: string };
};

export type AnyDraft = RecordDraft | OpenedDraft;

/** `digest` is lower-case hex SHA-256. */
export type Subject = { readonly name: string; readonly digest: string };

/** The payload of a statement about `subjects`, which are not empty. */
export function formatStatement(
  kind: AnyDraft['kind'],
  subjects: readonly Subject[],
  predicate: AnyDraft['predicate'],
): string {
  return canonicalEvidence({
    _type: STATEMENT_TYPE,
    subject: subjects.map(({ name, digest }) => ({ name, digest: { sha256: digest } })),
    predicateType: PREDICATE_TYPES[kind],
    // Every field of a draft is JSON; optional ones that are undefined are left out by JCS.
    predicate: predicate as unknown as Json,
  });
}

/**
 * What a record is about, where no arguments or results are kept: in-toto asks for at least one subject. A name that is
 * no digest itself stands for the SHA-256 of its UTF-8 bytes.
 */
export function ownSubjects(draft: AnyDraft): readonly Subject[] {
  switch (draft.kind) {
    case 'invocation':
      return [{ name: 'invocation', digest: hash('sha256', draft.predicate.invocation, 'hex') }];
    case 'policy':
      return [{ name: 'policy', digest: digestHex(draft.predicate.digest) }];
    case 'plugin':
      return [
        { name: 'package', digest: digestHex(draft.predicate.package) },
        { name: 'manifest', digest: digestHex(draft.predicate.manifest) },
      ];
    case 'approval':
    case 'act':
      return [{ name: 'statement', digest: hash('sha256', draft.statement, 'hex') }];
    case 'person':
      return [{ name: 'key', digest: hash('sha256', Buffer.from(draft.predicate.key, 'base64url'), 'hex') }];
    case 'admin':
      return [{ name: 'subject', digest: hash('sha256', draft.predicate.subject, 'hex') }];
    case 'opened':
      return draft.predicate.keys.map((key) => ({ name: 'key', digest: key.keyid }));
  }
}
