// What a call that was let through by an approval must be: used before the approval had expired, and with the arguments that were
// approved, as far as the documents that say both are still kept. Used by check-entry.ts, after each document was found to be the one
// that its record commits to. **Trust:** nothing of the records but their form; the documents may be anything that was signed.

import { canonicalEvidence } from '#base/canonical-evidence.ts';
import { sha256 } from '#base/digest.ts';
import { isExactObject } from '#base/exact-json.ts';
import { readDisclosed } from '#domain/disclosed-document.ts';
import { type ApprovalPredicate, type DisclosedDocuments, PREDICATE_TYPES } from '#domain/record.ts';
import { invocationOf, type Statement } from './statement.ts';

export type ApprovedCalls = {
  /** Takes note of a decision, or looks at a call; what is wrong with it, else undefined. */
  readonly next: (record: {
    readonly index: number;
    readonly statement: Statement;
    readonly disclosed: DisclosedDocuments;
  }) => string | undefined;
};

/** `args`: the digest of what was approved; undefined: what was approved was erased. */
type Approved = { readonly expiresMs: number; readonly args: string | undefined };

/** Keeps what was approved, by index. */
export function createApprovedCalls(): ApprovedCalls {
  const approved = new Map<number, Approved>();

  const decided = (index: number, predicate: ApprovalPredicate, document: string | undefined): string | undefined => {
    const said = document === undefined ? undefined : saidOf(document);
    if (document !== undefined && said === undefined) return 'what was decided about is no statement of a request';
    if (said !== undefined && !isSameRequest(said, predicate)) return 'it was decided about another request';
    if (predicate.decision !== 'approved') return undefined;
    approved.set(index, { expiresMs: Date.parse(predicate.expires), args: said?.args });
    return undefined;
  };

  return {
    next: ({ index, statement, disclosed }) => {
      if (statement.predicateType === PREDICATE_TYPES.approval) {
        return decided(index, statement.predicate as unknown as ApprovalPredicate, disclosed.statement);
      }
      const predicate = invocationOf(statement);
      const approval = predicate?.policy.approval;
      const found = approval?.record === undefined ? undefined : approved.get(approval.record.index);
      if (predicate === undefined || found === undefined) return undefined;
      // Where its use was not recorded: a call that came in after the end can't have used it before.
      const usedMs = Date.parse(approval?.used ?? predicate.time.received);
      if (!(usedMs < found.expiresMs)) return 'the approval that it names had expired when it was used';
      const args = argsDigest(disclosed.args);
      return args === undefined || found.args === undefined || args === found.args
        ? undefined
        : 'its arguments are not those that were approved';
    },
  };
}

type Said = {
  readonly approval: unknown;
  readonly agent: unknown;
  readonly tool: unknown;
  readonly expires: unknown;
  readonly args: string;
};

/** What an `ApprovalStatement` says, field by field; undefined for what is none. */
function saidOf(document: string): Said | undefined {
  const read = readDisclosed(document);
  if (read.kind !== 'value' || !isExactObject(read.value)) return undefined;
  const { approval, agent, tool, expires, args } = read.value;
  if (!isExactObject(tool) || typeof args !== 'string') return undefined;
  return { approval, agent, tool: tool['name'], expires, args };
}

function isSameRequest(said: Said, { approval, agent, tool, expires }: ApprovalPredicate): boolean {
  return said.approval === approval && said.agent === agent && said.tool === tool && said.expires === expires;
}

/** SHA-256 of the arguments as RFC 8785 writes them; undefined where they were erased, or none were kept. */
function argsDigest(document: string | undefined): string | undefined {
  const read = document === undefined ? undefined : readDisclosed(document);
  if (read?.kind === 'digest') return read.digest;
  return read?.kind === 'value' ? sha256(canonicalEvidence(read.value)) : undefined;
}
