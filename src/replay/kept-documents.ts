// What is kept of a recorded call beside its record: documents that are those which were signed for, or a reason. Pure.
// **Trust:** documents are a home's own; anyone who can write its database may have changed them.

import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { type DisclosedDocument, readDisclosed } from '#domain/disclosed-document.ts';
import type { DisclosedDocuments } from '#domain/record.ts';

export type KeptDocument = {
  /** As it was signed for. */
  readonly document: string;
  readonly digest: string;
  readonly content: DisclosedDocument;
};

export type DocumentReader = {
  /** Whether the record was signed for such a document, kept or not. */
  readonly isNamed: (name: keyof DisclosedDocuments) => boolean;
  /**
   * Undefined for one that the record has not, or that was erased.
   *
   * @throws `LOG_TAMPERED` for one that is not what the record was signed for
   */
  readonly read: (name: keyof DisclosedDocuments, documents: DisclosedDocuments) => KeptDocument | undefined;
};

/** @param subjects of the record: digests in lower-case hex, by name */
export function createDocumentReader(index: number, subjects: ReadonlyMap<string, string>): DocumentReader {
  return {
    isNamed: (name) => subjects.has(name),
    read: (name, documents) => {
      const document = documents[name];
      if (document === undefined) return undefined;
      const digest = subjects.get(name);
      if (digest === undefined || sha256(document) !== `sha256:${digest}`) {
        throw new SmcpError(
          'LOG_TAMPERED',
          `the document ${name} of record ${index} is not the one that was signed for`,
          {
            details: { index, remedy: 'find out who writes to the home; smcp log verify names every such document' },
          },
        );
      }
      return { document, digest, content: readDisclosed(document) };
    },
  };
}
