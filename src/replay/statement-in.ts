// The statement in the envelope of an invocation's record. Pure. **Trust:** the record was proven under the log's checkpoint.

import type { InvocationPredicate } from '#domain/record.ts';

export type InvocationStatement = {
  readonly predicate: InvocationPredicate;
  /** Digests in lower-case hex, by name. */
  readonly subjects: ReadonlyMap<string, string>;
};

export function statementIn(envelope: string): InvocationStatement {
  const { payload } = JSON.parse(envelope) as { readonly payload: string };
  const { predicate, subject } = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as {
    readonly predicate: InvocationPredicate;
    readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  };
  return { predicate, subjects: new Map(subject.map(({ name, digest }) => [name, digest.sha256])) };
}
