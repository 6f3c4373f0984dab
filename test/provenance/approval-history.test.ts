// What a verifier says of logs in which approvals let calls through.

import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { uuidv7 } from '#base/ids.ts';
import type { ApprovalPredicate, InvocationPredicate } from '#domain/record.ts';
import { prepareRecord } from '#provenance/prepare-record.ts';
import type { AnyDraft } from '#provenance/statement.ts';
import { createHistory } from '#provenance/verify/history.ts';
import { pluginDraft, policyDraft, predicateOf } from './fixture.ts';

const opened: AnyDraft = { kind: 'opened', predicate: { origin: 'o/1/1', keys: [], time: '' } };
const { agent, tool } = predicateOf('outcome');
const ID = '0123456789abcdef';

function decided(more: Partial<ApprovalPredicate> = {}): AnyDraft {
  const times = { expires: '2026-11-22T10:15:00.000Z', time: '2026-11-22T10:00:00.000Z' };
  const asked = { approval: ID, agent, tool: tool.name, rule: 'r' };
  const predicate: ApprovalPredicate = { ...asked, decision: 'approved', by: { kind: 'admin' }, ...times, ...more };
  return { kind: 'approval', predicate, statement: '{}' };
}

/** An outcome of a pure tool that was let through by the approval of record 3; `parts` changes something. */
function approved(parts: Partial<InvocationPredicate> = {}, record = { index: 3, leaf: 'leaf 3' }): AnyDraft {
  const pure = { ...tool, effect: 'pure' } as const;
  const made = predicateOf('outcome', { tool: pure, invocation: uuidv7() });
  const policy = { ...made.policy, decision: 'ask', approval: { id: ID, record } } as const;
  return { kind: 'invocation', predicate: { ...made, policy, ...parts } };
}

/** The problem of the last record, whose leaf is its index. All before must be sound. */
function lastProblem(...drafts: readonly AnyDraft[]): string | undefined {
  const history = createHistory();
  let last: string | undefined;
  for (const [index, draft] of [opened, policyDraft, pluginDraft, ...drafts].entries()) {
    expect(last).toBeUndefined();
    const { payload } = prepareRecord(draft, { digest: undefined });
    const { predicateType, predicate } = JSON.parse(Buffer.from(payload).toString());
    const statement = { predicateType, predicate, subjects: new Map<string, string>() };
    last = history.next({ index, leaf: `leaf ${index}`, statement });
  }
  return last;
}

describe('a log in which somebody approved a call', () => {
  test('is sound when one call names that record', () => {
    expect(lastProblem(decided(), approved())).toBeUndefined();
    expect(lastProblem(decided({ by: { kind: 'client', name: agent } }), approved())).toBeUndefined();
  });

  test.each([
    ['when nobody did', [approved({}, { index: 2, leaf: 'leaf 2' })], 'was not given before'],
    ['when it was denied', [decided({ decision: 'denied' }), approved()], 'was not given before'],
    ['when the record is another', [decided(), approved({}, { index: 3, leaf: 'leaf 2' })], 'was not given before'],
    ['when the request is another', [decided({ approval: 'f'.repeat(16) }), approved()], 'was not given before'],
    ['when it was for another agent', [decided({ agent: 'bea' }), approved()], 'is for another call'],
    ['when it was for another tool', [decided({ tool: 'demo__other' }), approved()], 'is for another call'],
    ['when two calls use it', [decided(), approved(), approved()], 'was used before'],
  ])('is not %s', (_what, drafts, problem) => {
    expect(lastProblem(...drafts)).toContain(problem);
  });
});

test('the record of a decision is about its statement, and says nothing of the arguments', () => {
  const statement = '{"nonce":"n","value":{"args":"sha256:00"}}';
  const draft: AnyDraft = { ...decided({ why: 'w'.repeat(1_000) }), kind: 'approval', statement } as AnyDraft;
  const { payload, disclosed } = prepareRecord(draft);
  const { subject, predicate } = JSON.parse(Buffer.from(payload).toString());
  expect(subject).toEqual([{ name: 'statement', digest: { sha256: sha256(statement).slice('sha256:'.length) } }]);
  expect(disclosed).toEqual({ statement });
  expect(predicate.why).toHaveLength(256);
});
