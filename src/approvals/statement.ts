// What a request for approval says, and which call it is for. Pure but for a nonce. Called by approvals.ts.

import { canonicalExactJson, canonicalJson } from '#base/canonical-json.ts';
import { rfc3339 } from '#base/clock.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import type { ExactJsonObject } from '#base/exact-json.ts';
import { randomNonce } from '#base/ids.ts';
import type { Json } from '#base/json.ts';
import type { ApprovalQuestion, ApprovalStatement } from '#domain/approval-ports.ts';

/**
 * A question that was looked at. `binding`: over all that must be the same for an approval to count, and nothing else: not the id,
 * the times or the policy's version, so that an edit elsewhere in the policy voids nothing.
 */
export type BoundQuestion = {
  readonly question: ApprovalQuestion;
  readonly args: Digest;
  readonly binding: Digest;
  /** The same, whichever sub-agent asks: what each calls itself is its own word. */
  readonly call: Digest;
};

export type QuestionBinder = (question: ApprovalQuestion) => BoundQuestion;

/**
 * A function that binds questions: the digest of the same arguments, which a call that waits is asked about again and again, is
 * made once.
 *
 * @throws `ARGUMENTS_INVALID` for arguments that can't be written canonically: two of them could have one digest.
 */
export function createQuestionBinder(): QuestionBinder {
  const known = new WeakMap<ExactJsonObject, Digest>();
  return (question) => {
    const args = known.get(question.args) ?? argsDigest(question.args);
    known.set(question.args, args);
    const bound = boundOf({ ...question, args });
    const call = digestOf(bound);
    const { onBehalfOf } = question;
    // Tokens of sub-agents are renewed; what they call themselves says which one asks.
    const binding = onBehalfOf === undefined ? call : digestOf({ ...bound, actors: onBehalfOf.actors });
    return { question, args, binding, call };
  };
}

type Bound = Pick<ApprovalStatement, 'agent' | 'tool' | 'args' | 'capabilities' | 'workspace' | 'chain' | 'rule'>;

const boundOf = ({ agent, tool, args, capabilities, workspace, chain, rule }: Bound) => ({
  ...{ agent, tool, args, capabilities, workspace, chain, rule: rule.digest },
});

const digestOf = (bound: object): Digest => sha256(canonicalJson(bound as Json));

/** `BoundQuestion.call` of the question that a request was made for. */
export const callOf = ({ statement }: { readonly statement: string }): Digest =>
  digestOf(boundOf(readStatement(statement)));

function argsDigest(args: ExactJsonObject): Digest {
  try {
    return sha256(canonicalExactJson(args));
  } catch (cause) {
    throw new SmcpError('ARGUMENTS_INVALID', 'the arguments hold text that is no Unicode: nobody can be shown them', {
      cause,
      details: { remedy: 'send text that is well-formed Unicode: no half of a surrogate pair alone' },
    });
  }
}

/**
 * The statement of a request as a document of its own, `{"nonce","value"}` in canonical form, and its digest. The nonce keeps
 * anyone who has only the digest, as a record has it, from guessing arguments.
 */
export function formatStatement(
  { question, args }: BoundQuestion,
  { id, createdMs, expiresMs }: { readonly id: string; readonly createdMs: number; readonly expiresMs: number },
): { readonly statement: string; readonly digest: Digest } {
  const { agent, tool, capabilities, workspace, chain, rule, policy, seen, onBehalfOf } = question;
  const value: ApprovalStatement = {
    ...{ approval: id, agent, tool, args, capabilities, chain, rule, policy },
    ...(workspace === undefined ? {} : { workspace }),
    ...(seen === undefined ? {} : { seen }),
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...{ created: rfc3339(createdMs), expires: rfc3339(expiresMs) },
  };
  const statement = canonicalJson({ nonce: randomNonce(), value: value as unknown as Json });
  return { statement, digest: sha256(statement) };
}

/** The statement of a document that `formatStatement` made. */
export function readStatement(document: string): ApprovalStatement {
  return (JSON.parse(document) as { readonly value: ApprovalStatement }).value;
}
